"""Sold-out answers come from memory when it is certain, and never a moment too long. B3"""

import asyncio
import time

import redis.asyncio

from lua import keys, release
from tests.gateway.purchase.buyers import Front


async def calls(valkey: "redis.asyncio.Redis") -> int:
    """How many scripts the server has run."""
    stats = await valkey.info("commandstats")
    return int(stats["cmdstat_evalsha"]["calls"])


async def bought(front: Front, user: int, limit_s: float) -> None:
    """Wait until the user gets an order, no longer than the limit."""
    limit = time.monotonic() + limit_s
    while (await front.buy(user)).status_code != 201:
        assert time.monotonic() < limit
        await asyncio.sleep(0.01)


async def sell_out(front: Front) -> list[str]:
    answers = [await front.buy(user, 10) for user in range(1, 11)]
    orders = [answer.json()["id"] for answer in answers]
    assert (await front.buy(11)).json()["code"] == "sold_out"
    return orders


async def test_a_crowd_that_comes_too_late_does_not_reach_the_store(
    front: Front, valkey: "redis.asyncio.Redis"
) -> None:
    await sell_out(front)
    before = await calls(valkey)
    answers = await asyncio.gather(*(front.buy(user) for user in range(20, 220)))
    assert {answer.json()["code"] for answer in answers} == {"sold_out"}
    assert await calls(valkey) - before <= 3


async def test_who_has_an_order_always_reaches_the_store(front: Front) -> None:
    first = await front.buy(1, 10, key="k")
    for user in range(2, 11):
        await front.buy(user, 10)
    await front.buy(11)
    await front.buy(12)
    assert (await front.buy(1, 10, key="k")).content == first.content


async def test_units_that_return_are_on_sale_at_once(front: Front) -> None:
    orders = await sell_out(front)
    assert (await front.buy(20)).json()["code"] == "sold_out"
    await release.release(front.shop.store, front.shop.base, orders[0], "CANCELLED", "buyer")
    await bought(front, 20, limit_s=0.5)


async def test_a_hold_that_is_over_sells_even_if_every_worker_is_dead(
    front: Front, valkey: "redis.asyncio.Redis"
) -> None:
    await valkey.hset(  # type: ignore[misc]
        keys.key(front.shop.base, "LANE"), "conf", "open 0 0 400 USD 1"
    )
    await sell_out(front)
    await bought(front, 20, limit_s=2)


async def test_fewer_than_wanted_is_never_remembered_as_none(front: Front) -> None:
    for user in range(1, 10):
        await front.buy(user, 10)
    await front.buy(10, 9)
    assert (await front.buy(11, 2)).json()["code"] == "sold_out"
    assert (await front.buy(12, 1)).status_code == 201
