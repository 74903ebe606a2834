"""Each law notices when its promise is broken in the stores, and no other law cries out. B5"""

import asyncio

import pytest
import redis.asyncio

from lua import release
from settlement.laws.check import FAST, THOROUGH, check_all, check_fast, wait_until_settled
from tests.settlement.laws.breaks import BREAKS, lose_the_scripts
from tests.settlement.laws.market import open_market


async def test_every_law_holds_while_all_is_well(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_market(valkey, database_url) as market:
        await market.shop.held(9)  # not settled: compared at the position of the store
        laws = await check_all(market.shop.store, market.shop.engine)
        assert [law for law in laws if not law.ok] == []
        assert len(laws) == len(FAST) + len(THOROUGH)
        details = {law.name: law.detail for law in laws}
        assert details["conservation_in_valkey"] == (
            "20 units = 11 available + 5 held + 4 sold, 1 item"
        )
        assert details["stores_agree"] == (
            "1 item equal in Valkey and Postgres, 1 journal entry ahead"
        )
        assert details["money_settles"] == (
            "USD 60.00 captured in 3 payments = USD 40.00 for paid orders + USD 20.00 refunded"
            " + USD 0.00 being refunded"
        )


@pytest.mark.parametrize("case", BREAKS)
async def test_a_broken_promise_is_noticed_by_its_law_and_by_no_other(
    case: str, valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    sabotage, expected = BREAKS[case]
    async with open_market(valkey, database_url) as market:
        await sabotage(market)
        laws = await check_all(market.shop.store, market.shop.engine)
        broken = {law.name: law.detail for law in laws if not law.ok}
        assert broken.keys() == expected, broken


def test_every_law_is_broken_by_some_case() -> None:
    names = {law.__name__ for law in (*FAST, *THOROUGH)}
    assert names == {name for _, expected in BREAKS.values() for name in expected}


async def test_lost_scripts_are_told_and_stop_nothing_else(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_market(valkey, database_url) as market:
        await lose_the_scripts(market)
        laws = await check_fast(market.shop.store, market.shop.engine)
        broken = {law.name: law.detail for law in laws if not law.ok}
        assert broken.keys() == {"generation_agrees"}
        assert "lacks scripts" in broken["generation_agrees"]


async def test_the_laws_hold_while_buyers_rush(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    """Evidence is taken at one position: a busy sale breaks nothing, settled or not."""
    async with open_market(valkey, database_url) as market:
        shop = market.shop
        await market.execute("UPDATE sale_items SET max_per_user = NULL")

        async def rush(user: int) -> None:
            while True:
                order, _ = await shop.buy(user)
                await release.release(shop.store, shop.base, order, "CANCELLED", "buyer")

        tasks = [asyncio.create_task(rush(user)) for user in range(20, 28)]
        tasks.append(asyncio.create_task(shop.drainer.run()))
        try:
            for _ in range(10):
                laws = await check_all(shop.store, shop.engine)
                assert [law for law in laws if not law.ok] == []
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_settlement_that_does_not_follow_is_told(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_market(valkey, database_url) as market:
        shop = market.shop
        assert (await wait_until_settled(shop.store, shop.engine, 0)).ok
        await shop.held(9)
        law = await wait_until_settled(shop.store, shop.engine, 0)
        assert not law.ok
        assert "1 journal entry not settled" in law.detail


async def test_a_salvaged_lane_is_told_until_somebody_has_looked_and_breaks_nothing_after(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_market(valkey, database_url) as market:
        await market.execute(
            "INSERT INTO dead_letters (sale_id, lane, generation, seq, type, body, reason)"
            " SELECT id, 0, 2, 2, 'gap', '2..6', 'lost' FROM sales",
            "DELETE FROM journal WHERE seq BETWEEN 2 AND 6",
        )
        laws = await check_all(market.shop.store, market.shop.engine)
        assert {law.name for law in laws if not law.ok} == {"no_dead_letters"}
        await market.execute("UPDATE dead_letters SET resolved_at = now(), resolution = 'seen'")
        after = {law.name: law for law in await check_all(market.shop.store, market.shop.engine)}
        assert all(law.ok for law in after.values())
        assert "5 known to be lost" in after["journal_gapless"].detail
        assert "1 lane with lost entries left out" in after["ends_once"].detail
