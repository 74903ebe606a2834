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
from lua.store import Store
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    buy,
    held,
    new_id,
    opened,
    paying,
    server_ms,
    wait_until,
)

TTL_MS = 40


async def overdue(store: Store) -> None:
    """Wait until all holds made so far are over."""
    await wait_until(store, await server_ms(store) + TTL_MS)


async def test_an_overdue_unit_is_sold_at_once(store: Store) -> None:
    await opened(store, units=1, ttl_ms=TTL_MS)
    first, second = await held(store, 1), new_id()
    await overdue(store)
    assert isinstance(await buy(store, 2, order=second), Held)
    state = await check_laws(store, BASE)
    assert state.holds[first].state == "EXPIRED"
    [_, (_, one), (_, two), (_, three)] = state.journal
    assert isinstance(one, HeldEntry)
    assert isinstance(two, Released)
    assert isinstance(three, HeldEntry)
    assert (one.order, two.order, three.order) == (first, first, second)
    assert (two.state, two.reason) == ("EXPIRED", "deadline")


async def test_a_hold_is_never_released_before_its_deadline(store: Store) -> None:
    await opened(store, units=1, ttl_ms=TTL_MS)
    first = await buy(store, 1)
    assert isinstance(first, Held)
    outcome = await buy(store, 2)
    while isinstance(outcome, SoldOut):
        assert outcome.now_ms < first.deadline_ms
        assert (outcome.available, outcome.next_due_ms) == (0, first.deadline_ms)
        outcome = await buy(store, 2)
    assert isinstance(outcome, Held)
    assert outcome.created_ms >= first.deadline_ms


async def test_a_release_is_journaled_even_when_the_order_is_then_refused(store: Store) -> None:
    await opened(store, units=2, ttl_ms=TTL_MS)
    first = await held(store, 1)
    await overdue(store)
    outcome = await buy(store, 2, 3)
    assert isinstance(outcome, SoldOut)
    assert outcome.available == 2
    state = await check_laws(store, BASE)
    assert state.holds[first].state == "EXPIRED"
    assert isinstance(state.journal[-1][1], Released)


async def test_a_buyer_at_the_limit_is_freed_of_an_own_overdue_hold(store: Store) -> None:
    await opened(store, units=10, limit=2, ttl_ms=TTL_MS)
    await held(store, 1, 2)
    assert await buy(store, 1) == LimitReached(PRODUCT, 2)
    await overdue(store)
    assert isinstance(await buy(store, 1, 2), Held)
    await check_laws(store, BASE)


async def test_a_buyers_own_hold_is_never_released_before_its_deadline(store: Store) -> None:
    await opened(store, units=10, limit=1, ttl_ms=TTL_MS)
    first = await buy(store, 1)
    assert isinstance(first, Held)
    while (outcome := await buy(store, 1)) == LimitReached(PRODUCT, 1):
        assert await server_ms(store) < first.deadline_ms + 5_000
    assert isinstance(outcome, Held)
    assert outcome.created_ms >= first.deadline_ms


async def test_a_buyers_own_overdue_hold_is_found_behind_many_others(store: Store) -> None:
    await opened(store, units=100, limit=1, ttl_ms=TTL_MS)
    for user in range(2, LAZY_RELEASES + 5):
        await held(store, user)
    mine = await held(store, 1)
    await overdue(store)
    assert isinstance(await buy(store, 1), Held)
    state = await check_laws(store, BASE)
    assert state.holds[mine].state == "EXPIRED"
    assert len(state.due[PRODUCT]) == 4


async def test_one_call_releases_a_bounded_number_oldest_first(store: Store) -> None:
    await opened(store, units=LAZY_RELEASES + 2, ttl_ms=TTL_MS)
    for user in range(1, LAZY_RELEASES + 3):
        await held(store, user)
    await overdue(store)
    outcome = await buy(store, 99, LAZY_RELEASES + 1)
    assert isinstance(outcome, SoldOut)
    assert outcome.available == LAZY_RELEASES
    assert outcome.next_due_ms <= outcome.now_ms
    assert isinstance(await buy(store, 99, LAZY_RELEASES + 1), Held)
    await check_laws(store, BASE)


async def test_all_units_of_an_overdue_order_come_back_and_only_of_the_items_asked_for(
    store: Store,
) -> None:
    await opened(store, ttl_ms=TTL_MS, items=[Item(1, 1, 5, 0), Item(2, 1, 5, 0), Item(3, 1, 5, 0)])
    await reserve(store, BASE, new_id(), 1, "a", [(1, 1), (2, 1)])
    await reserve(store, BASE, new_id(), 1, "b", [(3, 1)])
    await overdue(store)
    assert isinstance(await reserve(store, BASE, new_id(), 2, "c", [(2, 1)]), Held)
    state = await check_laws(store, BASE)
    assert {p: item.available for p, item in state.now.items.items()} == {1: 1, 2: 0, 3: 0}


async def test_a_hold_whose_payment_is_open_is_not_released_by_a_buyer(store: Store) -> None:
    await opened(store, units=1, ttl_ms=TTL_MS)
    await paying(store, 1)
    await overdue(store)
    outcome = await buy(store, 2)
    assert isinstance(outcome, SoldOut)
    assert outcome.next_due_ms == 0
    await check_laws(store, BASE)


async def test_a_sale_that_is_not_open_releases_nothing(store: Store) -> None:
    ends_ms = await server_ms(store) + TTL_MS // 2
    await opened(store, units=1, ttl_ms=TTL_MS, ends_ms=ends_ms)
    await held(store, 1)
    await overdue(store)
    assert isinstance(await buy(store, 2), NotOpen)
    assert (await check_laws(store, BASE)).now.items[PRODUCT].held == 1


async def test_a_payment_cannot_be_begun_on_an_overdue_hold(store: Store) -> None:
    await opened(store, units=1, ttl_ms=TTL_MS)
    order = await held(store, 1)
    await overdue(store)
    assert await begin_payment(store, BASE, order, new_id(), 60_000) == Ended("EXPIRED")
    assert (await check_laws(store, BASE)).now.items[PRODUCT].available == 1


async def left_and_back(store: Store) -> tuple[int, int]:
    """What somebody hears who asks for more than there is."""
    outcome = await buy(store, 99, 3)
    assert isinstance(outcome, SoldOut)
    return outcome.available, outcome.back


async def test_units_that_come_back_to_none_left_are_counted_and_told(store: Store) -> None:
    await opened(store, units=2)
    first, second = await held(store, 1), await held(store, 2)
    async with store.client.pubsub() as messages:
        await messages.subscribe(keys.RETURNED_CHANNEL)
        assert await left_and_back(store) == (0, 0)
        await release(store, BASE, first, "CANCELLED", "wish")  # to none left: told
        assert await left_and_back(store) == (1, 1)
        await release(store, BASE, second, "CANCELLED", "wish")  # to one left: not told
        assert await left_and_back(store) == (2, 1)
        await store.client.publish(keys.RETURNED_CHANNEL, "the end")
        told = []
        async with asyncio.timeout(5):
            async for message in messages.listen():
                if message["type"] == "message":
                    told.append(message["data"].decode())
                if told[-1:] == ["the end"]:
                    break
    assert told == [f"{BASE} {PRODUCT} 1", "the end"]
