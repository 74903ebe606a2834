"""Every hold and every buyer of a lane, read in slices while the sale goes on.

A scan takes many commands, so it sees each hold at a moment of its own. The journal between the
snapshots before and after tells what changed meanwhile; with that applied, the holds found are
those of the moment of the second snapshot.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Final

from lua import hold, journal, keys
from lua.hold_states import OPEN
from lua.journal import Position
from lua.snapshot import LaneNow, snapshot
from lua.store import UNREACHABLE, Store, StoreUnreachable
from settlement.laws.evidence import HeldUnits, LaneEvidence, OverLimit, StoreBooks
from settlement.laws.read_store import read_entries

SLICE: Final = 500
"""Fields read by one command: well below a millisecond of the store's time."""

ORDER_ID_CHARS: Final = 36
"""Holds share their hash with digests of idempotency keys, which have 32 characters."""

Units = Mapping[int, int]


async def scan_lane(store: Store, lane: LaneEvidence) -> StoreBooks | None:
    """Read all holds and buyers of a lane; None when the store has no such lane.

    Raises StoreUnreachable.
    """
    base = keys.lane_base(lane.key.sale_id, lane.key.lane)
    before = await snapshot(store, base)
    if before is None:
        return None
    live = await _scan_holds(store, base)
    after = await snapshot(store, base)
    if after is None:
        return None
    await _catch_up(store, base, lane.cursor.generation, before.seq, after.seq, live)
    found: Counter[int] = Counter()
    for units in live.values():
        found.update(units)
    expected = {product: item.held for product, item in after.items.items()}
    buyers, over_limit = await _scan_buyers(store, base, lane.key.sale_id, after)
    return StoreBooks(HeldUnits(len(live), found, expected), buyers, over_limit)


async def _scan_holds(store: Store, base: str) -> dict[str, Units]:
    """Return the units of every live hold; one that is read twice counts as it was last."""
    live: dict[str, Units] = {}
    for slot in range(keys.HOLD_SLOTS):
        async for field, record in _scan(store, keys.key(base, "HOLDS", slot)):
            if len(field) != ORDER_ID_CHARS:
                continue
            found = hold.read(record)
            if found.state in OPEN:
                live[field.decode()] = _units_of_record(found.lines)
            else:
                live.pop(field.decode(), None)
    return live


async def _catch_up(
    store: Store, base: str, generation: int, before: int, after: int, live: dict[str, Units]
) -> None:
    """Replay what happened while the holds were read."""
    async for _, entry in read_entries(store, base, Position(generation, before), after):
        match entry:
            case journal.Held(order=order, lines=lines):
                live[order] = {product: quantity for product, quantity, _ in lines}
            case journal.Paid(order=order) | journal.Released(order=order):
                live.pop(order, None)
            case _:
                pass


async def _scan_buyers(
    store: Store, base: str, sale_id: int, now: LaneNow
) -> tuple[int, tuple[OverLimit, ...]]:
    limits = {product: item.limit for product, item in now.items.items() if item.limit}
    buyers, over = 0, list[OverLimit]()
    async for field, record in _scan(store, keys.key(base, "USERS")):
        counts = record.decode().split(" ")[1]
        if counts == "-":
            continue
        buyers += 1
        for count in counts.split(","):
            product, units = (int(number) for number in count.split("="))
            if units > limits.get(product, units):
                over.append(OverLimit(sale_id, int(field), product, units, limits[product]))
    return buyers, tuple(over)


async def _scan(store: Store, key: str) -> AsyncIterator[tuple[bytes, bytes]]:
    cursor = 0
    while True:
        try:
            cursor, page = await store.client.hscan(key, cursor, count=SLICE)
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost
        for field, record in page.items():
            yield field, record
        if cursor == 0:
            return


def _units_of_record(lines: str) -> Units:
    words = (line.split(",") for line in lines.strip("[]").split("],["))
    return {int(product): int(quantity) for product, quantity, _ in words}
