"""`python -m loadtests.chaos`: fault runs that can be repeated by their seed."""

import argparse
import secrets
import sys

from rich.console import Console

from flashsale.stack.signals import stopped_by_signals
from loadtests.chaos.run import ROUNDS, run

parser = argparse.ArgumentParser(prog="python -m loadtests.chaos", description=__doc__)
parser.add_argument("--seed", type=int, default=None, help="plays the same faults again")
parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"faults to play ({ROUNDS})")

if __name__ == "__main__":
    asked = parser.parse_args()
    seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
    code = 130
    with stopped_by_signals():
        code = run(seed, asked.rounds, Console())
    sys.exit(code)
