"""Processes are killed, frozen and sent back in time; nothing acknowledged is lost or done twice.

``conftest.py``       a shop of one's own for each test, and one whole stack for the session
``rush.py``           a shop in the middle of a rush, and what Postgres must have of it afterwards
``faulty_worker.py``  the real worker, with a step at which it dies or freezes
``workers.py``        starts it, and waits for its death or its freeze
``frozen.py``         a process of the stack that sleeps for a while

Every other module is a fault. The stack, the buyers and their receipts are those of
`loadtests.chaos`, which plays the same faults in a random order. A log that was cut, which is what
a loss of power leaves, is in `tests/lua/test_aof.py`.
"""
