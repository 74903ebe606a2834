"""Binding of ``close.lua``: what is available leaves the sale."""

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Closing(Struct, frozen=True):
    """``held`` units still wait for their holds to end; call again."""

    held: int


class Ended(Struct, frozen=True):
    """The sale is closed."""


Outcome = Closing | Ended | Closed
ANSWERS: dict[str, type[Outcome]] = {"closing": Closing, "ended": Ended}


async def close_lane(store: Store, base: str) -> Outcome:
    """Close a lane, or find out whether it is closed by now.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("close", await store.run("close", base), ANSWERS)
