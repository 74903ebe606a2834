"""The lanes as the store has them, and the entries between Postgres and them."""

from collections.abc import AsyncIterator
from typing import Final

from lua import journal, keys
from lua.journal import AnyEntry, Position, body_of, read_id
from lua.snapshot import LaneNow, snapshot
from lua.store import UNREACHABLE, Store, StoreUnreachable
from settlement.drain.totals import Deltas
from settlement.laws.evidence import Between, LaneEvidence, Overdue
from settlement.laws.read_postgres import SettledLane

PAGE: Final = 2_000
"""Entries read by one command: about 2 ms of the store's time."""

OVERDUE_MS: Final = 30_000
"""Past its deadline this long a hold should have ended: expiry runs each second, a worker that
died is back within seconds."""

STATE_CHANGES: Final = (
    journal.Held,
    journal.Paying,
    journal.Declined,
    journal.Expiring,
    journal.Paid,
    journal.Retaken,
    journal.Released,
)
"""Entries that change the state of an order."""


async def read_lane(
    store: Store, settled: SettledLane, *, has_scripts: bool, entries_max: int | None
) -> LaneEvidence:
    """Read one lane of the store after its totals in Postgres were read.

    ``entries_max``: entries between that may be read; None: all. Raises StoreUnreachable.
    """
    asked = settled.kept and has_scripts
    base = keys.lane_base(settled.key.sale_id, settled.key.lane)
    now = await snapshot(store, base) if asked else None
    return LaneEvidence(
        key=settled.key,
        cursor=settled.cursor,
        asked=asked,
        settled=settled.totals,
        now=now,
        between=await _read_between(store, base, settled.cursor, now, entries_max),
        overdue=Overdue() if now is None else await _read_overdue(store, base, now),
    )


async def read_entries(
    store: Store, base: str, after: Position, last_seq: int
) -> AsyncIterator[tuple[Position, AnyEntry]]:
    """Yield the lane's entries with seq in (after.seq, last_seq], as far as the journal has them.

    ``after.generation`` may be older than that of the entry before. Raises StoreUnreachable.
    """
    at = f"({after}"
    while True:
        try:
            raw = await store.client.xrange(keys.key(base, "JOURNAL"), min=at, count=PAGE)
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost
        for raw_id, fields in raw:
            position = read_id(raw_id)
            if position.seq > last_seq:
                return
            if position.seq > after.seq:
                yield position, journal.decode(body_of(fields))
        if len(raw) < PAGE:
            return
        at = f"({raw[-1][0].decode()}"


async def _read_between(
    store: Store, base: str, cursor: Position, now: LaneNow | None, entries_max: int | None
) -> Between:
    deltas, orders, read = Deltas(), set[str](), 0
    last_seq = cursor.seq if now is None else now.seq
    if entries_max is not None and last_seq - cursor.seq > entries_max:
        return Between(last_seq - cursor.seq, deltas, frozenset(), postponed=True)
    if last_seq <= cursor.seq:
        return Between(0, deltas, frozenset())
    async for position, entry in read_entries(store, base, cursor, last_seq):
        read += 1
        if position.seq != cursor.seq + read:
            gap = f"entry {cursor.seq + read:,} is missing before {position}"
            return Between(read, deltas, frozenset(orders), gap)
        deltas.apply(entry)
        if isinstance(entry, STATE_CHANGES):
            orders.add(entry.order)
    short = cursor.seq + read < last_seq
    gap = f"ends at {cursor.seq + read:,}, the lane is at {last_seq:,}" if short else ""
    return Between(read, deltas, frozenset(orders), gap)


async def _read_overdue(store: Store, base: str, now: LaneNow) -> Overdue:
    """Count what should be over. A hold of several items stands in a due set of each."""
    late = now.now_ms - OVERDUE_MS
    try:
        async with store.client.pipeline(transaction=False) as pipeline:
            pipeline.zcount(keys.key(base, "PAYING"), "-inf", late)
            pipeline.zcount(keys.key(base, "EXPIRING"), "-inf", late)
            for product in now.items:
                pipeline.zcount(keys.key(base, "DUE", product), "-inf", late)
            paying, expiring, *due = await pipeline.execute()
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    return Overdue(held=max(due, default=0), paying=paying, expiring=expiring)
