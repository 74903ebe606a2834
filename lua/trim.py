"""Binding of ``trim.lua``: the journal's tail goes, its bound moves on."""

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer

KEEP_ALL = "-"


class Trimmed(Struct, frozen=True):
    """How many ``entries`` were dropped."""

    entries: int


Outcome = Trimmed | Closed
ANSWERS: dict[str, type[Outcome]] = {"trimmed": Trimmed}


async def trim(store: Store, base: str, keep_id: str, ceiling: int) -> Outcome:
    """Drop entries below ``keep_id`` and let the journal grow to seq ``ceiling``.

    Atomic, idempotent. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("trim", await store.run("trim", base, keep_id, ceiling), ANSWERS)
