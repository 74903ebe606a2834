"""A worker that dies at any step of settlement leaves each order in Postgres exactly once."""

from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines
from lua import confirm, release
from settlement.laws.check import check_all
from settlement.laws.law import Law
from tests.faults.faulty_worker import BATCH_ENTRIES
from tests.faults.workers import faulty_worker, wait_for_death
from tests.settlement.shop import Shop, open_shop

ORDERS = 60
UNITS = 100


async def busy(shop: Shop) -> list[str]:
    """Orders, some of them paid or given up: 100 entries, five batches, nothing settled."""
    orders = [await shop.held(user) for user in range(1, ORDERS + 1)]
    for order in orders[:20]:
        await confirm.confirm(shop.store, shop.base, order, "00000000" + order[8:])
    for order in orders[20:40]:
        await release.release(shop.store, shop.base, order, "CANCELLED", "buyer")
    return orders


async def settled(shop: Shop) -> list[str]:
    rows = await shop.rows("SELECT id::text FROM orders ORDER BY id")
    return [str(row["id"]) for row in rows]


async def broken(shop: Shop, *, but: str = "money") -> list[Law]:
    """The broken laws; orders were confirmed here without a provider, so money is not asked."""
    laws = await check_all(shop.store, shop.engine)
    assert len(laws) > 15
    return [law for law in laws if not law.ok and law.name not in {"one_paying_payment"}]


@pytest.mark.parametrize(
    ("step", "batches"),
    [("after_read", 2), ("after_cursor", 2), ("before_commit", 2), ("after_commit", 3)],
)
async def test_each_order_is_settled_exactly_once(
    valkey: "redis.asyncio.Redis",
    queue_valkey: "redis.asyncio.Redis",
    engines: Engines,
    database_url: str,
    tmp_path: Path,
    step: str,
    batches: int,
) -> None:
    async with open_shop(valkey, database_url, units=UNITS, users=ORDERS) as shop:
        orders = await busy(shop)
        with faulty_worker(engines, database_url, tmp_path, step) as worker:
            wait_for_death(worker, step)
        left = len(await settled(shop))
        assert left == min(ORDERS, batches * BATCH_ENTRIES)
        await shop.drainer.drain()
        assert await settled(shop) == sorted(orders)
        assert await shop.totals() == (UNITS, UNITS - 40, 20, 20)
        assert await broken(shop) == []


async def test_a_cursor_that_moves_by_itself_would_be_found(
    valkey: "redis.asyncio.Redis",
    queue_valkey: "redis.asyncio.Redis",
    engines: Engines,
    database_url: str,
    tmp_path: Path,
) -> None:
    """The test of this test: with that bug a death loses a batch, and laws say so."""
    async with open_shop(valkey, database_url, units=UNITS, users=ORDERS) as shop:
        await busy(shop)
        with faulty_worker(engines, database_url, tmp_path, "cursor_alone") as worker:
            wait_for_death(worker, "cursor_alone")
        await shop.drainer.drain()
        assert len(await settled(shop)) == ORDERS - BATCH_ENTRIES
        assert {"stores_agree", "journal_gapless", "orders_add_up"} & {
            law.name for law in await broken(shop)
        }
