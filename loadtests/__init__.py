"""Load on the engine from outside: measurements side by side with what else could have been used.

accounting.py  CPU seconds of a process, from the system's own books
generator/     sends requests over many connections, in a process of its own
peers/         what the engine is measured against
stage/         what a measurement stands on: engines, servers, buyers, sales, pipelined scripts
bench/         one module a measurement, and `python -m loadtests.bench`, which runs them
chaos/         `python -m loadtests.chaos`: faults in a random order under load, then every law
results/       what the last run wrote

Knows the engine from outside only: HTTP, the scripts' bindings, the tables.
"""
