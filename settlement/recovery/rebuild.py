"""Writes a lane of the store anew from Postgres, behind its closed gate."""

import time
from collections import defaultdict
from typing import Final

from lua import hold, keys, rebuild
from lua.hold_states import OPEN
from lua.outcomes import Closed
from lua.reserve import digest
from lua.store import Store
from settlement.drain.lanes import Connection, Lane
from settlement.recovery import history

JOURNAL_ROOM: Final = 100_000
"""Entries a rebuilt lane may write before upkeep sets the real bound, seconds later."""


class GateNotClosed(Exception):
    """The lane may not be written: its gate is not closed at this generation. A bug."""


async def rebuild_lane(store: Store, connection: Connection, lane: Lane, grace_ms: int) -> int:
    """Write the lane as Postgres has it at its cursor; returns how many orders it got.

    The gate must be closed at the store's generation; it stays closed. Raises GateNotClosed,
    StoreUnreachable.
    """
    outcome = await rebuild.begin(
        store,
        lane.base,
        lane.cursor.seq,
        await history.read_conf(connection, lane),
        int(time.time() * 1000) // keys.DAY_MS,
        lane.cursor.seq + JOURNAL_ROOM,
        await history.read_items(connection, lane),
    )
    if isinstance(outcome, Closed):
        raise GateNotClosed(f"{lane.base}: {outcome.gate}")
    orders = 0
    async for page in history.read_orders(connection, lane):
        await _put_orders(store, lane, page, grace_ms)
        orders += len(page)
    counts = await history.read_counts(connection, lane)
    users = [(user, f"0 {units} -") for user, units in counts.items()]
    await rebuild.put(store, lane.base, "USERS", "", users)
    verdicts = await history.read_verdicts(connection, lane)
    slot = int(time.time() * 1000) // keys.DAY_MS % keys.VERDICT_SLOTS
    await rebuild.put(store, lane.base, "VERDICTS", slot, verdicts)
    await rebuild.put(store, lane.base, "MOVES", "", await history.read_moves(connection, lane))
    return orders


async def rebuild_products(store: Store, connection: Connection) -> None:
    """Write which sale sells each product, and which sessions are revoked."""
    products = await history.read_products(connection)
    revoked = await history.read_revoked(connection)
    async with store.client.pipeline(transaction=True) as pipeline:
        pipeline.delete(keys.PRODUCTS, keys.REVOKED)
        if products:
            pipeline.hset(keys.PRODUCTS, mapping=products)
        if revoked:
            pipeline.zadd(keys.REVOKED, revoked)
        await pipeline.execute()


async def _put_orders(
    store: Store, lane: Lane, page: list[history.OrderRecord], grace_ms: int
) -> None:
    records: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    due: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    queues: dict[str, list[tuple[int, str]]] = {"PAYING": [], "EXPIRING": []}
    for found in page:
        slot = records[keys.hold_slot(found.order)]
        slot.append((found.order, hold.write(found.hold)))
        if found.key is not None and found.fingerprint is not None:
            known = f"{found.order} {found.fingerprint}"
            slot.append((digest(found.hold.user, found.key), known))
        if found.hold.state == OPEN[0]:
            for product in hold.products(found.hold):
                due[product].append((found.hold.deadline_ms, found.order))
        elif found.hold.state in queues:
            grace = grace_ms if found.hold.state == "EXPIRING" else 0
            queues[found.hold.state].append((found.hold.deadline_ms + grace, found.order))
    for part, pairs in records.items():
        await rebuild.put(store, lane.base, "HOLDS", part, pairs)
    for product, scores in due.items():
        await rebuild.queue(store, lane.base, "DUE", product, scores)
    await rebuild.queue(store, lane.base, "PAYING", "", queues["PAYING"])
    await rebuild.queue(store, lane.base, "EXPIRING", "", queues["EXPIRING"])
