"""Binding of ``forget.lua``: an ended lane leaves the store."""

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Forgotten(Struct, frozen=True):
    """Nothing of the lane is left."""


class Live(Struct, frozen=True):
    """The sale has not ended: ``state``."""

    state: str


Outcome = Forgotten | Live | Closed
ANSWERS: dict[str, type[Outcome]] = {"forgotten": Forgotten, "live": Live}


async def forget(store: Store, base: str) -> Outcome:
    """Drop a closed lane. Atomic. Raises StoreUnreachable, ScriptFailed."""
    return read_answer("forget", await store.run("forget", base), ANSWERS)
