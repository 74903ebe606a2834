"""Binding of ``adjust.lua``: units added to a running item, or taken back."""

from msgspec import Struct

from lua.outcomes import Already, Closed, NotInSale
from lua.store import Store, read_answer


class Adjusted(Struct, frozen=True):
    """What the item has now."""

    units: int
    available: int


class InUse(Struct, frozen=True):
    """Fewer are available than were to be taken back."""

    available: int


class NotOpen(Struct, frozen=True):
    """The sale is closing or closed."""

    state: str


Outcome = Adjusted | Already | InUse | NotInSale | NotOpen | Closed
ANSWERS: dict[str, type[Outcome]] = {
    "adjusted": Adjusted,
    "already": Already,
    "in_use": InUse,
    "not_in_sale": NotInSale,
    "not_open": NotOpen,
}


async def adjust(store: Store, base: str, move: str, product: int, delta: int) -> Outcome:
    """Change an item's units by ``delta`` (not 0), once per stock move.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("adjust", await store.run("adjust", base, move, product, delta), ANSWERS)
