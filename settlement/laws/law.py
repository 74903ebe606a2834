"""What checking a law gives, and how its detail is put into words."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

SHOWN_MAX: Final = 3
"""Breaches that a detail names; it counts the rest."""


class Law(Struct, frozen=True):
    """A promise, whether it holds, and the numbers that say so, for a person to read."""

    name: str
    ok: bool
    detail: str


def judge(name: str, breaches: Sequence[str], otherwise: str) -> Law:
    """Return the law broken by ``breaches``, or kept with ``otherwise`` as its detail."""
    if not breaches:
        return Law(name, True, otherwise)
    shown = "; ".join(breaches[:SHOWN_MAX])
    rest = len(breaches) - SHOWN_MAX
    return Law(name, False, f"{shown}; and {rest:,} more" if rest > 0 else shown)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 order``, ``1,234 orders``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
