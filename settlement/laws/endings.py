"""Which runs of journal entries an order may have: at most one ending, and in a legal order.

A run is the words of an order's entries as they follow each other. `released` stands as the state
it ended in (EXPIRED, CANCELLED, FAILED), `refund` with its reason (``refund:late``). The machine
below is that of the scripts; REFUNDED is what `retake` makes of a hold whose late money goes back.
"""

from collections.abc import Mapping
from typing import Final

OPEN: Final = frozenset({"HELD", "PAYING", "EXPIRING"})
OVER: Final = frozenset({"EXPIRED", "FAILED"})

STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "held": {"": "HELD"},
    "paying": {"HELD": "PAYING"},
    "declined": {"PAYING": "HELD"},
    "expiring": {"PAYING": "EXPIRING"},
    "paid": dict.fromkeys(OPEN, "PAID"),
    "EXPIRED": dict.fromkeys(OPEN, "EXPIRED"),
    "CANCELLED": dict.fromkeys(OPEN, "CANCELLED"),
    "FAILED": dict.fromkeys(OPEN, "FAILED"),
    "retaken": dict.fromkeys(OVER, "PAID"),
    "restocked": {"PAID": "PAID"},
    "refund:late": dict.fromkeys(OVER, "REFUNDED"),
    "refund:duplicate": {"PAID": "PAID", "REFUNDED": "REFUNDED"},
    "refund:cancelled": {"CANCELLED": "CANCELLED"},
}
"""Word -> {state before: state after}."""

ANY_STATE: Final = frozenset({"refund:mismatch", "refund:late"})
"""Money that does not fit, or whose hold the store has forgotten, goes back whatever the order is;
the order stays as it was."""


def breach(run: str) -> str | None:
    """Return what is wrong with a run (words separated by spaces), None for a legal one."""
    state = ""
    for word in run.split(" "):
        after = STEPS.get(word, {}).get(state)
        if after is None and not (state and word in ANY_STATE):
            return f"{word!r} when {state or 'nothing had happened yet'}"
        state = after or state
    return None
