"""Binding of ``release.lua``: a hold ends without payment."""

from typing import Literal

from msgspec import Struct

from lua.outcomes import Closed, Unknown
from lua.store import Store, read_answer

ANYBODY = 0
"""In place of a user's id: the engine, or an admin."""

NO_PAYMENT = "-"


class Released(Struct, frozen=True):
    """The units went back."""


class Over(Struct, frozen=True):
    """The order had ended before, in ``state``."""

    state: str


class StillPaying(Struct, frozen=True):
    """A payment is open: end it at the provider first, then name it."""

    payment: str


Outcome = Released | Over | StillPaying | Unknown | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "released": Released,
    "already": Over,
    "paying": StillPaying,
    "unknown": Unknown,
}


async def release(
    store: Store,
    base: str,
    order: str,
    state: Literal["CANCELLED", "FAILED", "EXPIRED"],
    reason: str,
    *,
    user: int = ANYBODY,
    payment: str = NO_PAYMENT,
) -> Outcome:
    """End a hold in ``state``; its units go back once. ``reason`` is one word.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    reply = await store.run("release", base, order, user, state, reason, payment)
    return read_answer("release", reply, ANSWERS)
