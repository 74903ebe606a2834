"""A law that breaks during a sale is told within a second, once. B5"""

import redis.asyncio
from structlog.testing import capture_logs

from lua import keys
from settlement.watch_laws import LawWatch
from tests.settlement.shop import open_shop


async def test_a_broken_law_is_told_once_and_so_is_its_end(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        watch, lane = LawWatch(shop.store, shop.engine), keys.key(shop.base, "LANE")
        available = f"available:{shop.products[0]}"
        assert await watch.run_once() == 0
        await valkey.hincrby(lane, available, 1)  # type: ignore[misc]
        with capture_logs() as logs:
            assert await watch.run_once() > 0
            await watch.run_once()
        told = [entry["law"] for entry in logs if entry["event"] == "law_broken"]
        assert "conservation_in_valkey" in told
        assert len(told) == len(set(told))
        await valkey.hincrby(lane, available, -1)  # type: ignore[misc]
        with capture_logs() as logs:
            assert await watch.run_once() == 0
        assert {entry["event"] for entry in logs} == {"law_holds_again"}
