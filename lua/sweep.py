"""Binding of ``sweep.lua``: forgets buyers of whom nothing is left to know."""

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Swept(Struct, frozen=True):
    """Where to go on (``cursor`` 0: all were seen), and how many were ``removed``."""

    cursor: int
    removed: int


Outcome = Swept | Closed
ANSWERS: dict[str, type[Outcome]] = {"swept": Swept}


async def sweep(store: Store, base: str, cursor: int, most: int) -> Outcome:
    """Look at about ``most`` buyers' records. Atomic. Raises StoreUnreachable, ScriptFailed."""
    return read_answer("sweep", await store.run("sweep", base, cursor, most), ANSWERS)
