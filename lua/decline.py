"""Binding of ``decline.lua``: a payment that failed gives its hold back to the buyer."""

from msgspec import Struct

from lua.outcomes import Closed, Unknown
from lua.store import Store, read_answer


class StillHeld(Struct, frozen=True):
    """The buyer may try again until ``deadline_ms``."""

    deadline_ms: int


class Expired(Struct, frozen=True):
    """The deadline had passed: the units went back."""


class Unchanged(Struct, frozen=True):
    """This payment was not the open one; the order is in ``state``."""

    state: str


Outcome = StillHeld | Expired | Unchanged | Unknown | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "held": StillHeld,
    "expired": Expired,
    "unchanged": Unchanged,
    "unknown": Unknown,
}


async def decline(store: Store, base: str, order: str, payment: str, reason: str) -> Outcome:
    """End ``payment`` without money; ``reason`` is one word.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    reply = await store.run("decline", base, order, payment, reason)
    return read_answer("decline", reply, ANSWERS)
