"""Makes the store safe to sell from, and only then lets it sell.

In this order, each step safe to repeat after a crash at any point:

1. raise the generation in Postgres and in every cursor, so that no older batch can commit;
2. flush the scripts, so that no gateway of an older generation can run anything;
3. load the new generation's scripts and close every gate with them;
4. drain what the journals still hold;
5. compare each lane with its cursor, and rebuild the lanes that are behind, absent or different;
6. open the gates, and last of all tell the gateways the new generation.
"""

from typing import Literal

import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys
from lua.gate import set_gate
from lua.journal import Position, read_id
from lua.outcomes import Closed
from lua.snapshot import LaneNow, snapshot
from lua.store import Store, StoreUnreachable
from settlement.drain.lanes import Connection, Lane, read_lanes
from settlement.drain.read_batch import BATCH_MAX, Batch, JournalGap, check_entries
from settlement.drain.settle import DeadOrders, settle
from settlement.recovery import watch
from settlement.recovery.lock import recovery_lock
from settlement.recovery.rebuild import rebuild_lane, rebuild_products
from settlement.recovery.salvage import salvage_lane

log = structlog.get_logger(__name__)


class LaneReport(Struct, frozen=True):
    """What was done: ``drained`` entries; then the lane was kept, or rebuilt or salvaged with so
    many orders, or is absent."""

    base: str
    drained: int
    done: Literal["kept", "rebuilt", "absent", "salvaged"]
    orders: int = 0


class Report(Struct, frozen=True):
    """One recovery: why, the generation it opened, and each lane."""

    reason: str
    generation: int
    lanes: list[LaneReport]


async def ensure_serving(store: Store, engine: AsyncEngine, grace_ms: int) -> Report | None:
    """Recover if the store may not serve; returns None when nothing had to be done.

    Raises JournalGap (stay closed: somebody must decide), RecoveryBusy, StoreUnreachable and what
    the database raises; then the gates stay closed and the next call goes on.
    """
    if (await watch.look(store, engine)).need == "serving":
        return None
    async with recovery_lock(engine) as connection:
        health = await watch.look(store, engine)
        if health.need == "serving":
            return None
        if health.need == "reload":
            await store.load()
            log.info("scripts_loaded", generation=store.generation, reason=health.reason)
            return None
        return await _recover(store, connection, health.reason, grace_ms)


async def recover(
    store: Store, engine: AsyncEngine, reason: str, grace_ms: int, *, from_valkey: bool = False
) -> Report:
    """Recover whether it is needed or not. Raises as `ensure_serving`.

    ``from_valkey``: a lane whose journal no longer reaches its cursor is not left closed, but
    written to Postgres as the store has it (see `salvage`).
    """
    async with recovery_lock(engine) as connection:
        return await _recover(store, connection, reason, grace_ms, from_valkey=from_valkey)


async def _recover(
    store: Store,
    connection: Connection,
    reason: str,
    grace_ms: int,
    *,
    from_valkey: bool = False,
) -> Report:
    log.warning("recovery_begins", reason=reason)
    generation, before = await _raise_generation(connection, reason)
    # A store of its own: others refresh the shared one to what is served meanwhile.
    shared, store = store, Store(store.client, generation)
    server = await watch.run_id(store)
    await store.client.script_flush()
    await store.load()
    for lane in before:
        await _set_gate(store, lane.base, "closed")
    dead = await DeadOrders.read(connection)
    lanes = []
    for lane in before:
        try:
            report = await _recover_lane(store, connection, lane, dead, grace_ms)
        except JournalGap as gap:
            if not from_valkey:
                raise
            report = await _salvage(store, connection, lane, gap)
        lanes.append(report)
    await rebuild_products(store, connection)
    for report in lanes:
        if report.done != "absent":
            await _set_gate(store, report.base, "open")
    await store.client.set(keys.SERVER, server)
    await store.client.set(keys.GENERATION, generation)
    shared.generation = generation
    await store.client.publish(keys.SALES_CHANNEL, "0")
    log.warning("recovery_ends", generation=generation, lanes=len(lanes))
    return Report(reason, generation, lanes)


async def _set_gate(store: Store, base: str, word: Literal["open", "closed"]) -> None:
    """Raises StoreUnreachable when the server was restarted meanwhile: begin again."""
    if isinstance(await set_gate(store, base, word), Closed):
        raise StoreUnreachable(f"{base}: the server lost its scripts during recovery")


async def _raise_generation(connection: Connection, reason: str) -> tuple[int, list[Lane]]:
    """Raise it and take every cursor: a batch of the old generation finds its cursor gone.

    Returns the lanes as they were when no batch could move them any more.
    """
    async with connection.transaction():
        generation = await connection.fetchval(
            "UPDATE store_generation SET generation = generation + 1, reason = $1,"
            " raised_at = now() RETURNING generation",
            reason,
        )
        await connection.execute("SELECT FROM journal_cursors ORDER BY sale_id, lane FOR UPDATE")
        lanes = await read_lanes(connection)
        await connection.execute("UPDATE journal_cursors SET generation = $1", generation)
    return int(generation), lanes


async def _recover_lane(
    store: Store, connection: Connection, lane: Lane, dead: DeadOrders, grace_ms: int
) -> LaneReport:
    found = await snapshot(store, lane.base)
    at, drained = await _drain_rest(store, connection, lane, dead)
    if found is None and at.cursor.seq == 0:
        return LaneReport(lane.base, drained, "absent")
    if found is not None and await _agrees(connection, at, found):
        return LaneReport(lane.base, drained, "kept")
    if found is None:
        log.warning("lane_lost", lane=lane.base, settled=at.cursor.seq)
    else:
        log.warning("lane_differs", lane=lane.base, settled=at.cursor.seq, store=found.seq)
    orders = await rebuild_lane(store, connection, at, grace_ms)
    return LaneReport(lane.base, drained, "rebuilt", orders)


async def _salvage(store: Store, connection: Connection, lane: Lane, gap: JournalGap) -> LaneReport:
    found = await snapshot(store, lane.base)
    if found is None or found.half_rebuilt:
        raise gap
    log.error("lane_salvaged", lane=lane.base, lost=str(gap))
    _, orders = await salvage_lane(store, connection, lane, found)
    return LaneReport(lane.base, 0, "salvaged", orders)


async def _drain_rest(
    store: Store, connection: Connection, lane: Lane, dead: DeadOrders
) -> tuple[Lane, int]:
    """Settle what the journal still has after the cursor; the cursor is of the new generation."""
    read_from, drained = await _where_it_goes_on(store, lane), 0
    while True:
        raw = await store.client.xrange(
            keys.key(lane.base, "JOURNAL"), min=f"({read_from}", count=BATCH_MAX
        )
        entries = check_entries(Lane(lane.sale_id, lane.lane, read_from), raw)
        fenced = Lane(lane.sale_id, lane.lane, Position(store.generation, read_from.seq))
        if not entries:
            return fenced, drained
        # The cursor stays of this generation: a worker of an older one must not find it.
        end = entries[-1].position
        await settle(connection, Batch(fenced, entries, Position(store.generation, end.seq)), dead)
        read_from, drained = end, drained + len(entries)


async def _where_it_goes_on(store: Store, lane: Lane) -> Position:
    """The cursor, by the generation under which the stream goes on after it.

    A recovery that died has raised the cursor's generation, not those of the entries that wait.
    """
    journal, seq = keys.key(lane.base, "JOURNAL"), lane.cursor.seq
    last = await store.client.xrevrange(journal, count=1)
    if not last or read_id(last[0][0]).seq <= seq:
        return lane.cursor
    goes_on = lane.cursor
    for generation in range(lane.cursor.generation, -1, -1):
        at = Position(generation, seq)
        found = await store.client.xrange(journal, min=f"({at}", count=1)
        if not found:
            continue
        next_seq = read_id(found[0][0]).seq
        if next_seq > seq:
            goes_on = at
        if next_seq <= seq + 1:
            break
    return goes_on


async def _agrees(connection: Connection, lane: Lane, found: LaneNow) -> bool:
    if found.seq != lane.cursor.seq or found.half_rebuilt:
        return False
    rows = await connection.fetch(
        "SELECT product_id, units, available, held, sold FROM lane_items"
        " WHERE sale_id = $1 AND lane = $2",
        lane.sale_id, lane.lane,
    )  # fmt: skip
    settled = {row["product_id"]: tuple(row.values())[1:] for row in rows}
    now = {
        item.product: (item.units, item.available, item.held, item.sold)
        for item in found.items.values()
    }
    return settled == now
