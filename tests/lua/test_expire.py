"""Holds end in bounded slices, payments get the time they were promised and no more."""

import asyncio

from lua.begin_payment import Busy, Paying, begin_payment
from lua.decline import StillHeld, Unchanged, decline
from lua.expire import Expired, expire
from lua.outcomes import Unknown
from lua.release import StillPaying, release
from lua.reserve import Held
from lua.store import Store
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    BASE,
    LONG_MS,
    PRODUCT,
    buy,
    held,
    new_id,
    opened,
    paying,
    server_ms,
    wait_until,
)

TTL_MS = 60


async def overdue(store: Store) -> None:
    await wait_until(store, await server_ms(store) + TTL_MS)


async def test_a_slice_treats_no_more_than_it_was_asked_oldest_first(store: Store) -> None:
    """Held first, then what waited for its provider, then what has to wait for it."""
    await opened(store, ttl_ms=TTL_MS)
    waited = [(await paying(store, user))[0] for user in (1, 2)]
    await overdue(store)
    assert await expire(store, BASE, 5, 0) == Expired(0, 2)
    unpaid = [await held(store, user) for user in (3, 4)]
    asked = [(await paying(store, user))[0] for user in (5, 6)]
    await overdue(store)
    ended: list[str] = []
    for wanted in (Expired(1, 0), Expired(2, 0), Expired(1, 1), Expired(0, 1)):
        most = wanted.released + wanted.expiring
        assert await expire(store, BASE, most, LONG_MS) == wanted
        holds = (await check_laws(store, BASE)).holds
        ended += [o for o, hold in holds.items() if hold.state == "EXPIRED" and o not in ended]
    assert ended[0] == unpaid[0]
    assert set(ended[1:3]) == {unpaid[1], waited[0]}
    assert ended[3] == waited[1]
    state = await check_laws(store, BASE)
    assert set(state.expiring) == set(asked)


async def test_overlapping_slices_end_each_hold_once(busy_store: Store) -> None:
    await opened(busy_store, units=200, ttl_ms=TTL_MS)
    for user in range(1, 101):
        await held(busy_store, user)
    await overdue(busy_store)
    slices = await asyncio.gather(*(expire(busy_store, BASE, 7, 0) for _ in range(40)))
    assert sum(found.released for found in slices if isinstance(found, Expired)) == 100
    assert (await check_laws(busy_store, BASE)).now.items[PRODUCT].available == 200


async def test_an_expiring_hold_keeps_its_units_for_the_grace(store: Store) -> None:
    await opened(store, units=1, ttl_ms=TTL_MS)
    await paying(store)
    await overdue(store)
    began_ms = await server_ms(store)
    assert await expire(store, BASE, 10, 50) == Expired(0, 1)
    while (found := await expire(store, BASE, 10, 50)) == Expired(0, 0):
        assert await server_ms(store) < began_ms + 5_000
    assert found == Expired(1, 0)
    assert await server_ms(store) >= began_ms + 50
    assert (await check_laws(store, BASE)).now.items[PRODUCT].available == 1


async def test_a_payment_extends_the_deadline_but_never_past_the_promise(store: Store) -> None:
    """To now + extension as often as it is begun, but to the own end + extension at most."""
    ttl_ms, extension_ms = 300, 200
    await opened(store, ttl_ms=ttl_ms)
    order = new_id()
    made = await buy(store, 1, order=order)
    assert isinstance(made, Held)
    deadline_ms, latest_ms = made.deadline_ms, made.deadline_ms + extension_ms
    for began_ms in (0, 150, 320):
        await wait_until(store, made.created_ms + began_ms)
        payment, before_ms = new_id(), await server_ms(store)
        begun = await begin_payment(store, BASE, order, payment, extension_ms)
        after_ms = await server_ms(store)
        assert isinstance(begun, Paying)
        wanted = [
            max(deadline_ms, min(now_ms + extension_ms, latest_ms))
            for now_ms in (before_ms, after_ms)
        ]
        assert wanted[0] <= begun.deadline_ms <= wanted[1]
        deadline_ms = begun.deadline_ms
        declined = await decline(store, BASE, order, payment, "card_declined")
        assert declined == StillHeld(deadline_ms)
    assert deadline_ms == latest_ms
    await check_laws(store, BASE)


async def test_one_payment_at_a_time_and_only_that_one_can_be_declined(store: Store) -> None:
    await opened(store)
    order, payment = await paying(store)
    again = await begin_payment(store, BASE, order, payment, 0)
    assert isinstance(again, Paying)
    assert await begin_payment(store, BASE, order, new_id(), 0) == Busy(payment)
    assert await decline(store, BASE, order, new_id(), "declined") == Unchanged("PAYING")
    answer = await decline(store, BASE, order, payment, "declined")
    assert isinstance(answer, StillHeld)
    assert await decline(store, BASE, order, payment, "declined") == Unchanged("HELD")
    await check_laws(store, BASE)


async def test_a_hold_is_released_by_its_buyer_or_the_engine_only(store: Store) -> None:
    await opened(store)
    order, payment = await paying(store, 1)
    assert await release(store, BASE, order, "CANCELLED", "wish", user=2) == Unknown()
    answer = await release(store, BASE, order, "CANCELLED", "wish", user=1)
    assert answer == StillPaying(payment)
    assert (await check_laws(store, BASE)).holds[order].state == "PAYING"
