"""Binding of ``begin_payment.lua``: a hold becomes PAYING before its provider is called."""

from msgspec import Struct

from lua.outcomes import Closed, Unknown
from lua.store import Store, read_answer


class Paying(Struct, frozen=True):
    """The payment may be opened at the provider; the hold lasts until ``deadline_ms``."""

    deadline_ms: int


class Busy(Struct, frozen=True):
    """Another payment of this order is open."""

    payment: str


class Ended(Struct, frozen=True):
    """The hold is over, or about to be: ``state``."""

    state: str


Outcome = Paying | Busy | Ended | Unknown | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "paying": Paying,
    "busy": Busy,
    "ended": Ended,
    "unknown": Unknown,
}


async def begin_payment(
    store: Store, base: str, order: str, payment: str, extension_ms: int
) -> Outcome:
    """Open ``payment`` on the hold; the same payment again answers the same.

    Atomic. Raises StoreUnreachable, ScriptFailed.
    """
    reply = await store.run("begin_payment", base, order, payment, extension_ms)
    return read_answer("begin_payment", reply, ANSWERS)
