"""Binding of ``restock.lua``: units of a refunded order go back."""

from msgspec import Struct

from lua.outcomes import Already, Closed
from lua.store import Store, read_answer


class Restocked(Struct, frozen=True):
    """The units are on sale again, or left a closing lane."""


class NotSold(Struct, frozen=True):
    """The lane has not sold that many of ``product``."""

    product: int


Outcome = Restocked | Already | NotSold | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "restocked": Restocked,
    "already": Already,
    "not_sold": NotSold,
}


async def restock(store: Store, base: str, move: str, order: str, user: int, lines: str) -> Outcome:
    """Put the units of ``lines`` back, once per stock move, and give the buyer's count back.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer(
        "restock", await store.run("restock", base, move, order, user, lines), ANSWERS
    )
