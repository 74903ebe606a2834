"""A recovery that dies at any step is finished by the next one, and loses nothing that waited."""

from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines
from lua import keys
from lua.outcomes import Closed
from settlement.recovery.recover import ensure_serving
from tests.faults.rush import ORDERS, broken_laws, rush, states_expected, states_settled
from tests.faults.workers import faulty_worker, wait_for_death
from tests.settlement.shop import GRACE_MS, Shop


@pytest.mark.parametrize(
    ("step", "done"),
    [("generation_raised", "kept"), ("lane_drained", "kept"), ("before_gates_open", "kept"),
     ("lane_rebuilt", "rebuilt")],
)  # fmt: skip
async def test_the_next_one_settles_what_waits_in_the_journal(
    valkey: "redis.asyncio.Redis", shop: Shop, engines: Engines, database_url: str,
    tmp_path: Path, step: str, done: str,
) -> None:  # fmt: skip
    """The first one raised the generation; what waits was written under the older one."""
    orders = await rush(shop)
    if done == "rebuilt":
        await shop.drainer.drain()
        await valkey.flushall()
    await valkey.script_flush()
    await valkey.set(keys.SERVER, "another")
    with faulty_worker(engines, database_url, tmp_path, step) as worker:
        wait_for_death(worker, step)
    assert isinstance((await shop.buy(ORDERS + 1))[1], Closed)
    report = await ensure_serving(shop.store, shop.engine, GRACE_MS)
    assert report is not None
    assert [lane.done for lane in report.lanes] in ([done], ["kept"])
    late = await shop.held(ORDERS + 1)
    await shop.drainer.drain()
    assert await states_settled(shop) == states_expected(orders) | {late: "PENDING"}
    assert await broken_laws(shop) == []
