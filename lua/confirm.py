"""Binding of ``confirm.lua``: a captured payment pays its order."""

from msgspec import Struct

from lua.outcomes import Closed, Confirmed, Refund, Retaken, Unknown
from lua.store import Store, read_answer


class Gone(Struct, frozen=True):
    """The hold is over (EXPIRED or FAILED): `retake` rules."""

    state: str


Outcome = Confirmed | Retaken | Refund | Gone | Unknown | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "confirmed": Confirmed,
    "retaken": Retaken,
    "refund": Refund,
    "gone": Gone,
    "unknown": Unknown,
}


async def confirm(store: Store, base: str, order: str, payment: str) -> Outcome:
    """Rule on a captured payment; the first verdict is final and answered again.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("confirm", await store.run("confirm", base, order, payment), ANSWERS)
