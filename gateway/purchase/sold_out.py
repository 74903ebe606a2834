"""Which items are certainly sold out, so that a crowd that comes too late costs the store nothing.

A mark says that nothing at all is available, and knows the buyers who have an order in the lane:
they may be retrying, so they always ask the store. While nothing is left nobody can join them, so
the set is read once and holds until units come back: the item's ``back`` count has moved, or a
message says so. A mark lasts a second at most, and never past the next deadline, so that a hold
that is over is found by `reserve` even if every worker is dead.
"""

import time
from typing import Final

from msgspec import Struct

from lua import keys
from lua.reserve import SoldOut
from lua.store import Store

MARK_MAX_S: Final = 1.0
BUYERS_MAX: Final = 200_000
"""Above it the set would cost more than it saves."""

PAGE: Final = 1_000
"""Buyers read in one step: below a millisecond for the store and for this loop."""

Item = tuple[str, int]
"""A lane's base and a product."""


class Mark(Struct):
    """Nothing of an item is available, as long as ``back`` stands; known until ``until_s``."""

    back: int
    buyers: frozenset[int]
    until_s: float


class SoldOutMemory:
    """The marks of this process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks: dict[Item, Mark] = {}
        self._latest_back: dict[Item, int] = {}
        self._reading: set[Item] = set()

    def refuses(self, base: str, product: int, user_id: int) -> bool:
        """Tell whether this buyer certainly gets none of this item. Never waits."""
        mark = self._marks.get((base, product))
        return mark is not None and time.monotonic() < mark.until_s and user_id not in mark.buyers

    def forget(self) -> None:
        """Messages may have been missed: believe nothing."""
        self._marks.clear()

    def units_returned(self, base: str, product: int, back: int) -> None:
        """Take in a message: units of an item came back for the ``back``-th time."""
        item = (base, product)
        self._latest_back[item] = max(back, self._latest_back.get(item, 0))
        self._marks.pop(item, None)

    async def learn(self, base: str, refused: SoldOut) -> None:
        """Take in a refusal of the store: renew the item's mark, or make one.

        Raises what redis raises while the buyers are read; then there is no mark.
        """
        item = (base, refused.product)
        until_s = _until_s(refused)
        if refused.available > 0 or until_s is None or item in self._reading:
            return
        mark = self._marks.get(item)
        if mark is not None and mark.back == refused.back:
            mark.until_s = until_s
            return
        self._reading.add(item)
        try:
            buyers = await self._read_buyers(base)
            if buyers is not None and await self._still_sold_out(base, refused):
                self._marks[item] = Mark(refused.back, buyers, until_s)
        finally:
            self._reading.discard(item)

    async def _read_buyers(self, base: str) -> frozenset[int] | None:
        users, cursor = keys.key(base, "USERS"), 0
        if await self._store.client.hlen(users) > BUYERS_MAX:  # type: ignore[misc]
            return None
        buyers: set[int] = set()
        while True:
            cursor, page = await self._store.client.hscan(users, cursor, count=PAGE)
            buyers.update(int(user) for user, record in page.items() if not record.endswith(b" -"))
            if cursor == 0:
                return frozenset(buyers)

    async def _still_sold_out(self, base: str, refused: SoldOut) -> bool:
        """Nobody joined the buyers while they were read: nothing came back in between."""
        product = refused.product
        available, back = await self._store.client.hmget(  # type: ignore[misc]
            keys.key(base, "LANE"), [f"available:{product}", f"back:{product}"]
        )
        unchanged = int(available) == 0 and int(back or 0) == refused.back
        return unchanged and self._latest_back.get((base, product), 0) <= refused.back


def _until_s(refused: SoldOut) -> float | None:
    left_s = MARK_MAX_S
    if refused.next_due_ms:
        left_s = min(left_s, (refused.next_due_ms - refused.now_ms) / 1000)
    return time.monotonic() + left_s if left_s > 0 else None
