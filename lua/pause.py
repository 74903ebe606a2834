"""Binding of ``pause.lua``: a sale takes no new orders for a while."""

from typing import Literal

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Changed(Struct, frozen=True):
    """The sale is in ``state`` now."""

    state: str


class Unchanged(Struct, frozen=True):
    """The sale was, or has ended, in ``state``."""

    state: str


Outcome = Changed | Unchanged | Closed
ANSWERS: dict[str, type[Outcome]] = {"changed": Changed, "unchanged": Unchanged}


async def pause(store: Store, base: str, state: Literal["paused", "open"]) -> Outcome:
    """Pause or resume a lane. Atomic, idempotent. Raises StoreUnreachable, ScriptFailed."""
    return read_answer("pause", await store.run("pause", base, state), ANSWERS)
