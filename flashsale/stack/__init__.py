"""The embedded stack: every process of the engine on one machine, without Docker or root.

engines.py   two Valkeys (the sale's and the queue's) and Postgres under one data directory
data_dir.py  that directory: one stack at a time, its secrets, temporary or kept
signals.py   Ctrl-C and SIGTERM end the stack in order instead of tearing it down

The processes that are ours (gateway, worker, simulated provider) start after the engines and stop
before them; their rooms are added beside these.
"""
