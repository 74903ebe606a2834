"""Applies the laws: a few each second while a sale runs, all of them for `verify`."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys
from lua.snapshot import snapshot
from lua.store import Store
from migrations.engine import raw_connection
from settlement.laws import buyers, health, history, money, stock
from settlement.laws.evidence import Evidence, FullEvidence
from settlement.laws.gather import gather_fast, gather_full
from settlement.laws.law import Law, counted, judge
from settlement.laws.read_postgres import read_generation, read_settled_lanes

FAST: Final[tuple[Callable[[Evidence], Law], ...]] = (
    stock.conservation_in_valkey,
    stock.conservation_in_postgres,
    stock.stores_agree,
    health.no_overdue_holds,
    health.no_dead_letters,
    health.generation_agrees,
)
"""What a busy store can be asked each second."""

THOROUGH: Final[tuple[Callable[[FullEvidence], Law], ...]] = (
    stock.holds_add_up,
    stock.orders_add_up,
    stock.product_stock_ledger,
    history.journal_gapless,
    history.each_order_once,
    history.ends_once,
    history.verdicts_final,
    buyers.one_order_per_key,
    buyers.limits_kept,
    money.money_settles,
    money.one_paying_payment,
)
"""What takes a scan of orders, journal and holds."""

POLL_S: Final = 0.1


def fast_laws(evidence: Evidence) -> list[Law]:
    """Judge what can be judged each second."""
    return [law(evidence) for law in FAST]


def all_laws(evidence: FullEvidence) -> list[Law]:
    """Judge everything."""
    return fast_laws(evidence) + [law(evidence) for law in THOROUGH]


async def check_fast(store: Store, engine: AsyncEngine, sale_id: int | None = None) -> list[Law]:
    """Check the fast laws now. Raises StoreUnreachable and what the database raises."""
    return fast_laws(await gather_fast(store, engine, sale_id))


async def check_all(store: Store, engine: AsyncEngine, sale_id: int | None = None) -> list[Law]:
    """Check every law now, of one sale or of all. Raises as `check_fast`."""
    return all_laws(await gather_full(store, engine, sale_id))


async def wait_until_settled(store: Store, engine: AsyncEngine, limit_s: float) -> Law:
    """Wait until all that had happened at the call is settled, and sales are served.

    Gives the law `settlement_follows`, broken when ``limit_s`` was not enough. Raises as
    `check_fast`.
    """
    started = time.monotonic()
    goal: dict[str, int] = {}
    while True:
        behind = await _behind(store, engine, goal)
        waited_s = time.monotonic() - started
        if not behind or waited_s >= limit_s:
            break
        await asyncio.sleep(POLL_S)
    breaches = [f"{told}, after {waited_s:.0f} s" for told in behind]
    told = f"{counted(sum(goal.values()), 'journal entry', 'journal entries')} in Postgres"
    return judge("settlement_follows", breaches, told)


async def _behind(store: Store, engine: AsyncEngine, goal: dict[str, int]) -> list[str]:
    """What still waits; ``goal`` gets each lane's seq as it was when it was first seen."""
    async with raw_connection(engine) as connection:
        generation = await read_generation(connection)
        lanes = await read_settled_lanes(connection, None)
        inbox = await connection.fetchval(
            "SELECT count(*) FROM webhook_inbox WHERE state = 'received'"
        )
    behind = [f"{counted(inbox, 'webhook')} not handled"] if inbox else []
    if await store.refresh() != generation or not await store.has_scripts():
        behind.append("the store is not serving")
        return behind
    for lane in lanes:
        base = keys.lane_base(lane.key.sale_id, lane.key.lane)
        if base not in goal:
            now = await snapshot(store, base) if lane.kept else None
            goal[base] = lane.cursor.seq if now is None else now.seq
        if lane.cursor.seq < goal[base]:
            waiting = counted(goal[base] - lane.cursor.seq, "journal entry", "journal entries")
            behind.append(f"{lane.key}: {waiting} not settled")
    return behind
