"""Binding of ``refuse.lua``: a captured payment that does not match its order goes back."""

from lua.outcomes import Closed, Confirmed, Refund, Retaken
from lua.store import Store, read_answer

Outcome = Refund | Confirmed | Retaken | Closed
ANSWERS: dict[str, type[Outcome]] = {"refund": Refund, "confirmed": Confirmed, "retaken": Retaken}


async def refuse(store: Store, base: str, order: str, payment: str, reason: str) -> Outcome:
    """Rule that the money goes back, unless a verdict stands; ``reason``: mismatch or late.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("refuse", await store.run("refuse", base, order, payment, reason), ANSWERS)
