"""Rounds of faults, the table, the exit code."""

import random
import time
from collections import Counter
from contextlib import ExitStack
from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.table import Table

from loadtests.chaos.crowd import Crowd, Habits, buying
from loadtests.chaos.faults import FAULTS
from loadtests.chaos.ground import Ground, TooLate, open_ground
from loadtests.chaos.receipts import TOLD, Told, count
from loadtests.chaos.verdict import judge

ROUNDS: Final = 8
UNITS: Final = 20_000
HOLD_TTL_S: Final = 3
REOPENED_S: Final = 15.0
"""A fresh purchase goes through by then, after the last cause is gone."""

QUIET_S: Final = 2.0
HABITS: Final = Habits(
    buyers=10, pause_s=0.05, gives_up=0.2, asks_twice=0.2, looks=0.2, cancels=0.2, pays=0.3
)


class Round(Struct, frozen=True):
    """One round: its fault, how long nothing could be bought after it, and what broke."""

    fault: str
    reopened_s: float
    receipts: Counter[Told]
    broken: list[str]


def run(seed: int, rounds: int, console: Console) -> int:
    """Play; returns 0 when every law held, else 1."""
    console.print(f"seed {seed}: {rounds} rounds", highlight=False)
    began_s, chance, played = time.monotonic(), random.Random(seed), list[Round]()
    with open_ground(lambda told: console.print(told, style="dim", highlight=False)) as ground:
        for fault in _programme(chance, rounds):
            played.append(_play(ground, fault, random.Random(chance.random()), console))
    console.print(_table(played))
    broken = [f"{one.fault}: {what}" for one in played for what in one.broken]
    for what in broken:
        console.print(f"BROKEN {what}", style="bold red", highlight=False)
    told = "a promise was broken" if broken else "every promise held"
    took_s = time.monotonic() - began_s
    console.print(f"{told}; seed {seed}, {took_s:.0f} s", highlight=False)
    return 1 if broken else 0


def _programme(chance: random.Random, rounds: int) -> list[str]:
    """Every fault once before any comes again, in a random order."""
    names: list[str] = []
    while len(names) < rounds:
        names += chance.sample(list(FAULTS), len(FAULTS))
    return names[:rounds]


def _play(ground: Ground, fault: str, chance: random.Random, console: Console) -> Round:
    sale = ground.open_sale(UNITS, HOLD_TTL_S)
    reopened_s, late = 0.0, list[str]()
    with ExitStack() as ends:
        crowd = ends.enter_context(buying(ground, sale, HABITS, chance.randrange(2**32)))
        try:
            ground.supervise(chance.uniform(0.5, 2.0))
            killed = FAULTS[fault](ground, chance)
            console.print(f"{fault}: {killed}", highlight=False)
            reopened_s = _reopened(ground, crowd)
            ground.supervise(chance.uniform(0.2, 1.0))
        except TooLate as too_late:
            late.append(str(too_late))
    ground.supervise(QUIET_S)
    verdict = judge(ground, crowd)
    broken = late + verdict.broken
    if broken:
        _print_logs(ground, console)
    return Round(fault, reopened_s, count(crowd.receipts), broken)


def _print_logs(ground: Ground, console: Console) -> None:
    """What the processes complained of last: the stack's place is removed at the end."""
    for name in ("gateway-1", "worker"):
        for line in ground.complaints(name):
            console.print(f"{name}: {line}", style="yellow", highlight=False, markup=False)


def _reopened(ground: Ground, crowd: Crowd) -> float:
    gone_s = time.monotonic()
    return ground.wait(lambda: crowd.since(gone_s)["201"] > 0, REOPENED_S, "a fresh purchase")


def _table(played: list[Round]) -> Table:
    table = Table("fault", "reopened", *TOLD, "promises")
    for one in played:
        told = one.receipts
        table.add_row(
            one.fault,
            f"{one.reopened_s:.2f} s",
            *(f"{told[kind]:,}" for kind in TOLD),
            "[red]BROKEN[/]" if one.broken else "held",
        )
    return table
