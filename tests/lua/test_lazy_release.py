"""A unit is sellable the moment its hold is over, with every worker dead, and never earlier."""

import asyncio

from lua import keys
from lua.begin_payment import Ended, begin_payment
from lua.journal import Held as HeldEntry
from lua.journal import Released
from lua.open import Item
from lua.release import release
from lua.reserve import Held, LimitReached, NotOpen, SoldOut, reserve
from lua.scripts import LAZY_RELEASES
from tests.lua.clock import ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    buy,
    held,
    new_id,
    new_order,
    opened,
    paying,
)

TTL_MS = 300_000


async def test_an_overdue_unit_is_sold_at_once(clocked: ClockedStore) -> None:
    await opened(clocked, units=1, ttl_ms=TTL_MS)
    first, second = await held(clocked, 1), new_order(clocked)
    await clocked.pass_ms(TTL_MS)
    assert isinstance(await buy(clocked, 2, order=second), Held)
    state = await check_laws(clocked, BASE)
    assert state.holds[first].state == "EXPIRED"
    [_, (_, one), (_, two), (_, three)] = state.journal
    assert isinstance(one, HeldEntry)
    assert isinstance(two, Released)
    assert isinstance(three, HeldEntry)
    assert (one.order, two.order, three.order) == (first, first, second)
    assert (two.state, two.reason) == ("EXPIRED", "deadline")


async def test_a_hold_is_released_at_its_deadline_and_not_a_millisecond_before(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=1, ttl_ms=TTL_MS)
    await held(clocked, 1)
    await clocked.pass_ms(TTL_MS - 1)
    outcome = await buy(clocked, 2)
    assert outcome == SoldOut(PRODUCT, 0, 0, clocked.now_ms + 1, clocked.now_ms)
    await clocked.pass_ms(1)
    assert isinstance(await buy(clocked, 2), Held)
    await check_laws(clocked, BASE)


async def test_a_release_is_journaled_even_when_the_order_is_then_refused(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=2, ttl_ms=TTL_MS)
    first = await held(clocked, 1)
    await clocked.pass_ms(TTL_MS)
    outcome = await buy(clocked, 2, 3)
    assert isinstance(outcome, SoldOut)
    assert outcome.available == 2
    state = await check_laws(clocked, BASE)
    assert state.holds[first].state == "EXPIRED"
    assert isinstance(state.journal[-1][1], Released)


async def test_a_buyer_at_the_limit_is_freed_of_an_own_overdue_hold(clocked: ClockedStore) -> None:
    await opened(clocked, units=10, limit=2, ttl_ms=TTL_MS)
    await held(clocked, 1, 2)
    assert await buy(clocked, 1) == LimitReached(PRODUCT, 2)
    await clocked.pass_ms(TTL_MS)
    assert isinstance(await buy(clocked, 1, 2), Held)
    await check_laws(clocked, BASE)


async def test_a_buyers_own_hold_is_released_at_its_deadline_and_not_a_millisecond_before(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=10, limit=1, ttl_ms=TTL_MS)
    await held(clocked, 1)
    await clocked.pass_ms(TTL_MS - 1)
    assert await buy(clocked, 1) == LimitReached(PRODUCT, 1)
    await clocked.pass_ms(1)
    assert isinstance(await buy(clocked, 1), Held)
    await check_laws(clocked, BASE)


async def test_a_buyers_own_overdue_hold_is_found_behind_many_others(clocked: ClockedStore) -> None:
    await opened(clocked, units=100, limit=1, ttl_ms=TTL_MS)
    for user in range(2, LAZY_RELEASES + 5):
        await held(clocked, user)
    await clocked.pass_ms(1)
    mine = await held(clocked, 1)
    await clocked.pass_ms(TTL_MS)
    assert isinstance(await buy(clocked, 1), Held)
    state = await check_laws(clocked, BASE)
    assert state.holds[mine].state == "EXPIRED"
    assert len(state.due[PRODUCT]) == 4


async def test_one_call_releases_a_bounded_number_oldest_first(clocked: ClockedStore) -> None:
    await opened(clocked, units=LAZY_RELEASES + 2, ttl_ms=TTL_MS)
    for user in range(1, LAZY_RELEASES + 3):
        await held(clocked, user)
    await clocked.pass_ms(TTL_MS)
    outcome = await buy(clocked, 99, LAZY_RELEASES + 1)
    assert isinstance(outcome, SoldOut)
    assert outcome.available == LAZY_RELEASES
    assert outcome.next_due_ms <= outcome.now_ms
    assert isinstance(await buy(clocked, 99, LAZY_RELEASES + 1), Held)
    await check_laws(clocked, BASE)


async def test_all_units_of_an_overdue_order_come_back_and_only_of_the_items_asked_for(
    clocked: ClockedStore,
) -> None:
    await opened(
        clocked, ttl_ms=TTL_MS, items=[Item(1, 1, 5, 0), Item(2, 1, 5, 0), Item(3, 1, 5, 0)]
    )
    await reserve(clocked, BASE, new_order(clocked), 1, "a", [(1, 1), (2, 1)])
    await reserve(clocked, BASE, new_order(clocked), 1, "b", [(3, 1)])
    await clocked.pass_ms(TTL_MS)
    assert isinstance(await reserve(clocked, BASE, new_order(clocked), 2, "c", [(2, 1)]), Held)
    state = await check_laws(clocked, BASE)
    assert {p: item.available for p, item in state.now.items.items()} == {1: 1, 2: 0, 3: 0}


async def test_a_hold_whose_payment_is_open_is_not_released_by_a_buyer(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=1, ttl_ms=TTL_MS)
    await paying(clocked, 1)
    await clocked.pass_ms(TTL_MS)
    outcome = await buy(clocked, 2)
    assert isinstance(outcome, SoldOut)
    assert outcome.next_due_ms == 0
    await check_laws(clocked, BASE)


async def test_a_sale_that_is_not_open_releases_nothing(clocked: ClockedStore) -> None:
    ends_ms = clocked.now_ms + TTL_MS // 2
    await opened(clocked, units=1, ttl_ms=TTL_MS, ends_ms=ends_ms)
    await held(clocked, 1)
    await clocked.pass_ms(TTL_MS)
    assert isinstance(await buy(clocked, 2), NotOpen)
    assert (await check_laws(clocked, BASE)).now.items[PRODUCT].held == 1


async def test_a_payment_cannot_be_begun_on_an_overdue_hold(clocked: ClockedStore) -> None:
    await opened(clocked, units=1, ttl_ms=TTL_MS)
    order = await held(clocked, 1)
    await clocked.pass_ms(TTL_MS)
    assert await begin_payment(clocked, BASE, order, new_id(), 60_000) == Ended("EXPIRED")
    assert (await check_laws(clocked, BASE)).now.items[PRODUCT].available == 1


async def left_and_back(clocked: ClockedStore) -> tuple[int, int]:
    """What somebody hears who asks for more than there is."""
    outcome = await buy(clocked, 99, 3)
    assert isinstance(outcome, SoldOut)
    return outcome.available, outcome.back


async def test_units_that_come_back_to_none_left_are_counted_and_told(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=2)
    first, second = await held(clocked, 1), await held(clocked, 2)
    async with clocked.client.pubsub() as messages:
        await messages.subscribe(keys.RETURNED_CHANNEL)
        assert await left_and_back(clocked) == (0, 0)
        await release(clocked, BASE, first, "CANCELLED", "wish")  # to none left: told
        assert await left_and_back(clocked) == (1, 1)
        await release(clocked, BASE, second, "CANCELLED", "wish")  # to one left: not told
        assert await left_and_back(clocked) == (2, 1)
        await clocked.client.publish(keys.RETURNED_CHANNEL, "the end")
        told = []
        async with asyncio.timeout(5):
            async for message in messages.listen():
                if message["type"] == "message":
                    told.append(message["data"].decode())
                if told[-1:] == ["the end"]:
                    break
    assert told == [f"{BASE} {PRODUCT} 1", "the end"]
