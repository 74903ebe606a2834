"""The states of a hold, drawn once. The Lua and the Postgres CHECKs agree with it; a test compares.

::

    HELD --begin_payment--> PAYING --deadline--> EXPIRING
      ^---------decline--------'                    |
    any of them --confirm--> PAID    --release, expire, decline--> EXPIRED, CANCELLED, FAILED
    EXPIRED, FAILED --retake--> PAID, or REFUNDED when it is too late
"""

from typing import Final

OPEN: Final = ("HELD", "PAYING", "EXPIRING")
"""States of a live hold: its units are held, its order is PENDING."""

NEXT: Final[dict[str, frozenset[str]]] = {
    "HELD": frozenset({"PAYING", "PAID", "EXPIRED", "CANCELLED", "FAILED"}),
    "PAYING": frozenset({"HELD", "EXPIRING", "PAID", "EXPIRED", "CANCELLED", "FAILED"}),
    "EXPIRING": frozenset({"PAID", "EXPIRED", "CANCELLED", "FAILED"}),
    "PAID": frozenset(),
    "EXPIRED": frozenset({"PAID", "REFUNDED"}),
    "FAILED": frozenset({"PAID", "REFUNDED"}),
    "CANCELLED": frozenset(),
    "REFUNDED": frozenset(),
}


def order_state(hold_state: str) -> str:
    """Return the order's state: PENDING while the hold lives, else the state itself."""
    return "PENDING" if hold_state in OPEN else hold_state
