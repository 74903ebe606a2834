"""Money for a hold that is over takes its units again if it can, else goes back; once, for good."""

import pytest

from lua.adjust import Adjusted, adjust
from lua.begin_payment import begin_payment
from lua.close import close_lane
from lua.confirm import Gone, confirm
from lua.hold import read_hold
from lua.outcomes import Confirmed, Refund, Retaken, Unknown
from lua.pause import pause
from lua.refuse import refuse
from lua.release import release
from lua.reserve import Held, SoldOut, reserve
from lua.retake import LateOrder, Live, retake
from lua.store import Store
from tests.lua.clock import ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import read_lane
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    buy,
    held,
    late,
    lines_of,
    new_id,
    opened,
    server_ms,
)

TTL_MS = 300_000


async def given_up(store: Store, user: int = 1, quantity: int = 1) -> str:
    """An order whose hold is over."""
    order = await held(store, user, quantity)
    await release(store, BASE, order, "EXPIRED", "deadline")
    return order


async def test_late_money_takes_the_units_again(store: Store) -> None:
    await opened(store, units=2)
    order, payment = await given_up(store, 1, 2), new_id()
    assert await confirm(store, BASE, order, payment) == Gone("EXPIRED")
    assert await retake(store, BASE, late(order, 1, 2), payment) == Retaken()
    state = await check_laws(store, BASE)
    assert (state.now.items[PRODUCT].available, state.now.items[PRODUCT].sold) == (0, 2)
    assert state.users[1].counts == {PRODUCT: 2}


async def test_the_first_verdict_on_a_payment_is_final(store: Store) -> None:
    """A unit that comes free later must not turn a refund into a second verdict."""
    await opened(store, units=1)
    order, payment = await given_up(store), new_id()
    rival = await held(store, 2)
    assert await retake(store, BASE, late(order), payment) == Refund("late")
    await release(store, BASE, rival, "CANCELLED", "wish")
    assert await retake(store, BASE, late(order), payment) == Refund("late")
    assert await confirm(store, BASE, order, payment) == Refund("late")
    assert await refuse(store, BASE, order, payment, "mismatch") == Refund("late")
    assert await retake(store, BASE, late(order), new_id()) == Refund("duplicate")
    state = await check_laws(store, BASE)
    assert state.holds[order].state == "REFUNDED"
    assert state.now.items[PRODUCT].available == 1


async def test_each_capture_after_the_first_goes_back(store: Store) -> None:
    await opened(store)
    order, first = await given_up(store), new_id()
    assert await retake(store, BASE, late(order), first) == Retaken()
    assert await retake(store, BASE, late(order), new_id()) == Refund("duplicate")
    assert await confirm(store, BASE, order, new_id()) == Refund("duplicate")
    assert await confirm(store, BASE, order, first) == Retaken()
    await check_laws(store, BASE)


async def test_money_for_a_cancelled_order_goes_back(store: Store) -> None:
    await opened(store)
    order = await held(store)
    await release(store, BASE, order, "CANCELLED", "wish")
    assert await confirm(store, BASE, order, new_id()) == Refund("cancelled")
    assert await retake(store, BASE, late(order), new_id()) == Refund("cancelled")
    assert (await check_laws(store, BASE)).holds[order].state == "CANCELLED"


async def test_late_money_of_a_buyer_who_has_the_limit_by_now_goes_back(store: Store) -> None:
    await opened(store, limit=2)
    order = await given_up(store, 1, 2)
    await held(store, 1, 1)
    assert await retake(store, BASE, late(order, 1, 2), new_id()) == Refund("late")
    await check_laws(store, BASE)


async def test_late_money_takes_a_unit_whose_hold_is_overdue(clocked: ClockedStore) -> None:
    await opened(clocked, units=1, ttl_ms=TTL_MS)
    order = await given_up(clocked)
    rival = await held(clocked, 2)
    assert isinstance(await buy(clocked, 3), SoldOut)
    await clocked.pass_ms(TTL_MS)
    assert await retake(clocked, BASE, late(order), new_id()) == Retaken()
    assert (await check_laws(clocked, BASE)).holds[rival].state == "EXPIRED"


async def test_late_money_asks_for_neither_window_nor_pause_but_for_an_open_sale(
    clocked: ClockedStore,
) -> None:
    ends_ms = clocked.now_ms + 40
    await opened(clocked, ends_ms=ends_ms)
    one, two = await given_up(clocked, 1), await given_up(clocked, 2)
    await pause(clocked, BASE, "paused")
    await clocked.set_clock(ends_ms)
    assert await retake(clocked, BASE, late(one, 1), new_id()) == Retaken()
    await close_lane(clocked, BASE)
    assert await retake(clocked, BASE, late(two, 2), new_id()) == Refund("late")
    await check_laws(clocked, BASE)


@pytest.mark.parametrize("state", ["HELD", "PAYING"])
async def test_a_hold_that_lives_is_not_retaken(store: Store, state: str) -> None:
    await opened(store)
    order, payment = await held(store), new_id()
    if state == "PAYING":
        await begin_payment(store, BASE, order, payment, 0)
    assert await retake(store, BASE, late(order), payment) == Live(state)
    assert await confirm(store, BASE, order, payment) == Confirmed()
    await check_laws(store, BASE)


async def test_an_order_that_the_store_forgot_is_retaken_from_what_postgres_knows(
    store: Store,
) -> None:
    await opened(store, units=3, limit=3)
    order, payment, made_ms = new_id(), new_id(), await server_ms(store) - 1_000
    assert await confirm(store, BASE, order, payment) == Unknown()
    known = LateOrder(order, 5, made_ms, 3_998, lines_of(2))
    assert await retake(store, BASE, known, payment) == Retaken()
    state = await read_lane(store, BASE)
    assert (state.now.items[PRODUCT].available, state.now.items[PRODUCT].sold) == (1, 2)
    assert state.users[5].counts == {PRODUCT: 2}
    hold = await read_hold(store, BASE, order)
    assert hold is not None
    assert (hold.state, hold.user, hold.created_ms, hold.total_minor) == ("PAID", 5, made_ms, 3_998)
    assert await retake(store, BASE, known, new_id()) == Refund("duplicate")


async def test_late_money_for_an_item_that_was_never_in_the_lane_goes_back(store: Store) -> None:
    await opened(store)
    known = LateOrder(new_id(), 5, 1, 500, "[[99,1,500]]")
    assert await retake(store, BASE, known, new_id()) == Refund("late")


async def test_all_lines_are_retaken_or_none(store: Store) -> None:
    await opened(store, units=5)
    order = await given_up(store, 1, 3)
    answer = await adjust(store, BASE, new_id(), PRODUCT, -3)
    assert answer == Adjusted(2, 2)
    assert await retake(store, BASE, late(order, 1, 3), new_id()) == Refund("late")
    assert isinstance(await reserve(store, BASE, new_id(), 2, "k", [(PRODUCT, 2)]), Held)
    await check_laws(store, BASE)
