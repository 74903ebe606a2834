"""Processes are killed, frozen and sent back in time; nothing acknowledged is lost or done twice.

``faulty_worker.py``            the real worker, with a step at which it dies or freezes
``workers.py``                  starts it and waits for its end
``conftest.py``                 one whole stack for the session, and a fresh sale in it

Every other module is a fault. The stack, the buyers and their receipts are those of
`loadtests.chaos`, which plays the same faults in a random order.
"""
