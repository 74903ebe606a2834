"""Faults in a random order while buyers buy; then every law, and the buyers' own receipts.

    python -m loadtests.chaos --seed 7 --rounds 8

ground.py    the whole stack, whose engines may die and start again without it
receipts.py  what each buyer asked for and was told; what Postgres must have for it
crowd.py     the buyers: keys, retries, cancels, payments, in a thread of their own
engines.py   kill -9 of Valkey and Postgres, and their start; an older copy of the store
faults.py    one function a fault, from its first kill to the moment its cause is gone
verdict.py   laws by `flashsale verify`, receipts against the rows of Postgres
run.py       rounds of faults, the table, the exit code

Processes are found by pid and killed with SIGKILL; nothing is simulated.
"""
