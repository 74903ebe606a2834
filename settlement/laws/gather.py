"""Gathers the evidence: Postgres in one transaction first, then the store, then what is between."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.store import Store
from migrations.engine import raw_connection
from settlement.laws import read_books, read_history, read_money, read_postgres
from settlement.laws.evidence import Evidence, FullEvidence, LaneEvidence, Serving, StoreBooks
from settlement.laws.read_postgres import Connection, SettledLane
from settlement.laws.read_store import read_lane
from settlement.laws.scan_store import scan_lane

FAST_ENTRIES_MAX: Final = 20_000
"""Entries of a lane that the check of each second may read between Postgres and the store: about
50 ms of the worker's time. With more the comparison waits until settlement has caught up."""

STATEMENT_LIMIT: Final = "120s"
"""For one query of the thorough check, on many millions of rows."""


class _Settled(Struct, frozen=True):
    """What Postgres says at one moment; ``books`` are fields of FullEvidence."""

    generation: int
    lanes: list[SettledLane]
    dead_letters: dict[str, int]
    books: dict[str, Any]


async def gather_fast(store: Store, engine: AsyncEngine, sale_id: int | None = None) -> Evidence:
    """Gather what can be had each second. Raises StoreUnreachable and what the database raises."""
    settled = await _read_settled(engine, sale_id, books=False)
    serving = await _read_serving(store, settled.generation)
    lanes = await _read_lanes(store, settled, serving, FAST_ENTRIES_MAX)
    return Evidence(lanes=lanes, serving=serving, dead_letters=settled.dead_letters)


async def gather_full(
    store: Store, engine: AsyncEngine, sale_id: int | None = None
) -> FullEvidence:
    """Gather everything, of one sale or of all. Raises as `gather_fast`."""
    settled = await _read_settled(engine, sale_id, books=True)
    serving = await _read_serving(store, settled.generation)
    lanes = await _read_lanes(store, settled, serving, None)
    overdue: list[str] = settled.books.pop("overdue_orders")
    changed = {order for lane in lanes for order in lane.between.orders}
    return FullEvidence(
        taken_at=datetime.now(UTC),
        lanes=lanes,
        serving=serving,
        dead_letters=settled.dead_letters,
        store_books=await _scan(store, lanes),
        overdue_orders=tuple(order for order in overdue if order not in changed),
        **settled.books,
    )


async def _read_lanes(
    store: Store, settled: _Settled, serving: Serving, entries_max: int | None
) -> tuple[LaneEvidence, ...]:
    return tuple(
        [
            await read_lane(store, lane, has_scripts=serving.scripts, entries_max=entries_max)
            for lane in settled.lanes
        ]
    )


async def _scan(store: Store, lanes: Sequence[LaneEvidence]) -> dict[Any, StoreBooks]:
    scanned = {lane.key: await scan_lane(store, lane) for lane in lanes if lane.now is not None}
    return {key: books for key, books in scanned.items() if books is not None}


async def _read_serving(store: Store, generation: int) -> Serving:
    served = await store.refresh()
    return Serving(generation, served, await store.has_scripts())


async def _read_settled(engine: AsyncEngine, sale_id: int | None, *, books: bool) -> _Settled:
    async with (
        raw_connection(engine) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if books:
            await connection.execute("SET LOCAL transaction_timeout = 0")
            await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_LIMIT}'")
        return _Settled(
            await read_postgres.read_generation(connection),
            await read_postgres.read_settled_lanes(connection, sale_id),
            await read_postgres.read_dead_letters(connection, sale_id),
            await _read_books(connection, sale_id) if books else {},
        )


async def _read_books(connection: Connection, sale_id: int | None) -> dict[str, Any]:
    keys_checked, keys_reused = await read_books.read_keys_reused(connection, sale_id)
    limits_checked, over_limit = await read_books.read_over_limit(connection, sale_id)
    verdicts, verdict_breaches = await read_history.read_verdicts(connection, sale_id)
    return {
        "salvaged": await read_history.read_salvaged(connection, sale_id),
        "journal": await read_history.read_journal(connection, sale_id),
        "orders": await read_history.read_order_rows(connection, sale_id),
        "endings": await read_history.read_endings(connection, sale_id),
        "verdicts": verdicts,
        "verdict_breaches": verdict_breaches,
        "order_units": await read_books.read_order_units(connection, sale_id),
        "aside": await read_books.read_aside(connection, sale_id),
        "keys_checked": keys_checked,
        "keys_reused": keys_reused,
        "limits_checked": limits_checked,
        "over_limit": over_limit,
        "overdue_orders": await read_books.read_overdue_orders(connection, sale_id),
        "moves": await read_books.read_moves(connection, sale_id),
        "money": await read_money.read_money(connection, sale_id),
    }
