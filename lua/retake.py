"""Binding of ``retake.lua``: late money takes its units again, or goes back."""

from msgspec import Struct

from lua.outcomes import Closed, Confirmed, Refund, Retaken
from lua.store import Store, read_answer


class Live(Struct, frozen=True):
    """The hold is not over: `confirm` rules."""

    state: str


class LateOrder(Struct, frozen=True):
    """What the store may have forgotten of an order; ``lines`` as in `reserve.Held`."""

    order: str
    user: int
    created_ms: int
    total_minor: int
    lines: str


Outcome = Retaken | Confirmed | Refund | Live | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "retaken": Retaken,
    "confirmed": Confirmed,
    "refund": Refund,
    "live": Live,
}


async def retake(store: Store, base: str, late: LateOrder, payment: str) -> Outcome:
    """Rule on money for a hold that is over; the first verdict is final and answered again.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    reply = await store.run(
        "retake",
        base,
        late.order,
        payment,
        late.user,
        late.created_ms,
        late.total_minor,
        late.lines,
    )
    return read_answer("retake", reply, ANSWERS)
