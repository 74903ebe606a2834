"""Binding of ``expire.lua``: a bounded slice of the holds that are over."""

from msgspec import Struct

from lua.outcomes import Closed
from lua.store import Store, read_answer


class Expired(Struct, frozen=True):
    """How many holds ended (``released``), and how many wait for their provider (``expiring``)."""

    released: int
    expiring: int


Outcome = Expired | Closed
ANSWERS: dict[str, type[Outcome]] = {"expired": Expired}


async def expire(store: Store, base: str, most: int, grace_ms: int) -> Outcome:
    """End at most ``most`` holds that are over, oldest first per item.

    Atomic; runs may overlap. Raises StoreUnreachable, ScriptFailed.
    """
    return read_answer("expire", await store.run("expire", base, most, grace_ms), ANSWERS)
