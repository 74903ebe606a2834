"""A recovery that dies at any step is finished by the next one, and loses nothing."""

from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines
from lua import keys
from lua.outcomes import Closed
from lua.reserve import Replayed
from settlement.recovery.recover import ensure_serving
from tests.faults.rush import ORDERS, broken_laws, rush, states_expected, states_settled
from tests.faults.workers import faulty_worker, wait_for_death
from tests.settlement.shop import GRACE_MS, Shop


@pytest.mark.parametrize("step", ["generation_raised", "lane_drained", "before_gates_open"])
async def test_what_waits_in_the_journal_is_settled_by_the_next(
    valkey: "redis.asyncio.Redis", shop: Shop, engines: Engines, database_url: str,
    tmp_path: Path, step: str,
) -> None:  # fmt: skip
    """The first one raised the generation; what waits was written under the older one."""
    orders = await rush(shop)
    await valkey.script_flush()
    await valkey.set(keys.SERVER, "another")
    with faulty_worker(engines, database_url, tmp_path, step) as worker:
        wait_for_death(worker, step)
    assert await recovered(shop) == ["kept"]
    assert await states_settled(shop) == states_expected(orders)
    await assert_it_sells(shop)


@pytest.mark.parametrize("step", ["lane_begun", "holds_written", "lane_rebuilt"])
async def test_a_lane_that_is_half_rebuilt_is_rebuilt_again(
    valkey: "redis.asyncio.Redis", shop: Shop, engines: Engines, database_url: str,
    tmp_path: Path, step: str,
) -> None:  # fmt: skip
    """Its totals are right from the first step on; its holds, keys and counts are not there."""
    orders = await rush(shop)
    pending, _ = await shop.buy(ORDERS + 2, key="mine")
    await shop.drainer.drain()
    await valkey.flushall()
    with faulty_worker(engines, database_url, tmp_path, step) as worker:
        wait_for_death(worker, step)
    assert await recovered(shop) == ["rebuilt"]
    again = (await shop.buy(ORDERS + 2, key="mine"))[1]
    assert isinstance(again, Replayed)
    assert again.order == pending
    assert await states_settled(shop) == states_expected(orders) | {pending: "PENDING"}
    await assert_it_sells(shop)


async def recovered(shop: Shop) -> list[str]:
    """Nothing is sold before the next recovery; returns what that did with its lanes."""
    assert isinstance((await shop.buy(ORDERS + 1))[1], Closed)
    report = await ensure_serving(shop.store, shop.engine, GRACE_MS)
    assert report is not None
    return [lane.done for lane in report.lanes]


async def assert_it_sells(shop: Shop) -> None:
    late = await shop.held(ORDERS + 1)
    await shop.drainer.drain()
    assert (await states_settled(shop))[late] == "PENDING"
    assert await broken_laws(shop) == []
