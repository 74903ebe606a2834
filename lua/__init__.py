"""The Valkey half of the truth: stock and holds, decided only by the scripts in this folder.

Rooms
-----
``*.lua``          one script an operation; each opens with a contract (keys, arguments, answers)
``fragments/``     Lua that several scripts share (``-- @include name``)
``<verb>.py``      the thin binding beside its script: arguments in, a closed union of outcomes out
``scripts.py``     loads a script, writes the generation into its text, knows its SHA
``keys.py``        every key name, with its end of life
``hold_states.py`` the states of a hold, drawn once as data
``journal.py``     the entries that the scripts append, and how they are read
``settings.py``    how the store is reached, and the limits of the scripts
``connect.py``     clients, and the start-up check of the store's durability
``embedded.py``    a Valkey of our own, from the wheel

A leaf: imports nothing of this project.
"""
