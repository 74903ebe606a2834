"""The measurements, side by side. `python -m loadtests.bench`, or `make bench`.

run.py          the command: runs them, shows them, writes them
catalogue.py    which there are, and in which order they run
measurement.py  what one round and one measurement are; medians and ratios
shoot.py        one load against one server
purchases.py    purchases: the requests, and a round of them
settlement.py   a worker that catches up with a full journal, timed
rounds.py       A/B/A/B after a warm-up
table.py        what is printed
results.py      what is written

Every other module is one measurement of the same name, with `measure(stage) -> Measurement`. Both
sides of a ratio are taken in turns in one run on the same cores, and the median of the rounds
counts: machines are noisy. Rates are per CPU-second of the process that is named.
"""
