"""The embedded stack: every process of the engine on one machine, without Docker or root.

stack.py     all of it: engines, schema, admin, worker, simulator, gateways; stopped in order
engines.py   two Valkeys (the sale's and the queue's) and Postgres under one data directory
children.py  our own processes: started, waited for, started again when they die
sockets.py   the one socket that all gateways accept from
probe.py     is a server ready?
data_dir.py  the directory: one stack at a time, its secrets, temporary or kept
signals.py   Ctrl-C and SIGTERM end the stack in order instead of tearing it down
"""
