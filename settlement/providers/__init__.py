"""Payment providers behind one Protocol: who takes the buyers' money, and gives it back.

Rooms
-----
``protocol.py``             what the engine asks of a provider, and what it may be told
``errors.py``               what can go wrong with one, split by what the caller does next
``scrub.py``                takes card and personal data out of what a provider says
``settings.py``             the providers' part of the environment
``registry.py``             the providers that are configured
``simulator.py``            the simulated provider, over HTTP
``simulator_messages.py``   what it says, as types
``simulator_signature.py``  how its webhooks are signed

No provider decides anything about stock or orders: the caller rules on what is reported.
"""
