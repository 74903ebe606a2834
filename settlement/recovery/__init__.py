"""The fence: after a restart, loss or stale restore nothing is sold before this has run.

``watch.py``    tells whether the store may serve: generation, scripts, server, gates, positions
``recover.py``  closes, raises the generation, drains, compares, rebuilds, loads, opens
``history.py``  what Postgres knows of a lane: the rows that its records are made of
``rebuild.py``  writes a lane, the product map and the revoked sessions anew
``salvage.py``  writes Postgres from the store, where the journal no longer reaches it
``lock.py``     one recovery or deploy at a time
"""
