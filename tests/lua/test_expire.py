"""Holds end in bounded slices, payments get the time they were promised and no more."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from lua.begin_payment import Busy, Ended, Paying, begin_payment
from lua.decline import Expired as DeclinedTooLate
from lua.decline import StillHeld, Unchanged, decline
from lua.expire import Expired, expire
from lua.outcomes import Unknown
from lua.release import StillPaying, release
from lua.store import Store
from tests.lua.clock import ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    held,
    new_id,
    opened,
    paying,
    server_ms,
    wait_until,
)

TTL_MS = 300_000
GRACE_MS = 30_000


async def test_a_slice_treats_no_more_than_it_was_asked_oldest_first(
    clocked: ClockedStore,
) -> None:
    """Held first, then what waited for its provider, then what has to wait for it."""

    async def two(make: Callable[[Store, int], Awaitable[str]], first_user: int) -> list[str]:
        made = [await make(clocked, first_user)]
        await clocked.pass_ms(1)
        return [*made, await make(clocked, first_user + 1)]

    async def make_paying(store: Store, user: int) -> str:
        return (await paying(store, user))[0]

    await opened(clocked, ttl_ms=TTL_MS)
    waited = await two(make_paying, 1)
    await clocked.pass_ms(TTL_MS)
    for _ in waited:
        assert await expire(clocked, BASE, 1, GRACE_MS) == Expired(0, 1)
        await clocked.pass_ms(1)
    unpaid, asked = await two(held, 3), await two(make_paying, 5)
    await clocked.pass_ms(TTL_MS)
    ended: list[str] = []
    for wanted in (Expired(1, 0), Expired(2, 0), Expired(1, 1), Expired(0, 1)):
        most = wanted.released + wanted.expiring
        assert await expire(clocked, BASE, most, GRACE_MS) == wanted
        holds = (await check_laws(clocked, BASE)).holds
        ended += [o for o, hold in holds.items() if hold.state == "EXPIRED" and o not in ended]
    assert ended[0] == unpaid[0]
    assert set(ended[1:3]) == {unpaid[1], waited[0]}
    assert ended[3] == waited[1]
    assert set((await check_laws(clocked, BASE)).expiring) == set(asked)


async def test_overlapping_slices_end_each_hold_once(busy_store: Store) -> None:
    """On the real clock, and many connections."""
    await opened(busy_store, units=200, ttl_ms=1)
    for user in range(1, 101):
        await held(busy_store, user)
    await wait_until(busy_store, await server_ms(busy_store) + 2)
    slices = await asyncio.gather(*(expire(busy_store, BASE, 7, 0) for _ in range(40)))
    assert sum(found.released for found in slices if isinstance(found, Expired)) == 100
    assert (await check_laws(busy_store, BASE)).now.items[PRODUCT].available == 200


async def test_holds_end_at_their_deadline_and_not_a_millisecond_before(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, ttl_ms=TTL_MS)
    await held(clocked, 1)
    await paying(clocked, 2)
    await clocked.pass_ms(TTL_MS - 1)
    assert await expire(clocked, BASE, 10, GRACE_MS) == Expired(0, 0)
    await clocked.pass_ms(1)
    assert await expire(clocked, BASE, 10, GRACE_MS) == Expired(1, 1)
    await clocked.pass_ms(GRACE_MS - 1)
    assert await expire(clocked, BASE, 10, GRACE_MS) == Expired(0, 0)
    await clocked.pass_ms(1)
    assert await expire(clocked, BASE, 10, GRACE_MS) == Expired(1, 0)
    assert (await check_laws(clocked, BASE)).now.items[PRODUCT].held == 0


@pytest.mark.parametrize("over_ms", [-1, 0])
async def test_a_payment_is_begun_and_declined_before_the_deadline_only(
    clocked: ClockedStore, over_ms: int
) -> None:
    await opened(clocked, ttl_ms=TTL_MS)
    unpaid, (asked, payment) = await held(clocked, 1), await paying(clocked, 2)
    deadline_ms = clocked.now_ms + TTL_MS
    await clocked.set_clock(deadline_ms + over_ms)
    begun = await begin_payment(clocked, BASE, unpaid, new_id(), 0)
    declined = await decline(clocked, BASE, asked, payment, "card_declined")
    if over_ms:
        assert (begun, declined) == (Paying(deadline_ms), StillHeld(deadline_ms))
    else:
        assert (begun, declined) == (Ended("EXPIRED"), DeclinedTooLate())
    await check_laws(clocked, BASE)


async def test_a_payment_extends_the_deadline_but_never_past_the_promise(
    clocked: ClockedStore,
) -> None:
    """To now + extension as often as it is begun, but to the own end + extension at most."""
    extension_ms = 120_000
    await opened(clocked, ttl_ms=TTL_MS)
    made_ms, order = clocked.now_ms, await held(clocked)
    for began_ms, wanted_ms in (
        (0, TTL_MS),
        (100_000, TTL_MS),
        (TTL_MS - 1, TTL_MS - 1 + extension_ms),
        (TTL_MS, TTL_MS + extension_ms),
        (TTL_MS + 100_000, TTL_MS + extension_ms),
    ):
        await clocked.set_clock(made_ms + began_ms)
        payment = new_id()
        begun = await begin_payment(clocked, BASE, order, payment, extension_ms)
        assert begun == Paying(made_ms + wanted_ms)
        declined = await decline(clocked, BASE, order, payment, "card_declined")
        assert declined == StillHeld(made_ms + wanted_ms)
    await check_laws(clocked, BASE)


async def test_one_payment_at_a_time_and_only_that_one_can_be_declined(
    clocked: ClockedStore,
) -> None:
    await opened(clocked)
    order, payment = await paying(clocked)
    again = await begin_payment(clocked, BASE, order, payment, 0)
    assert isinstance(again, Paying)
    assert await begin_payment(clocked, BASE, order, new_id(), 0) == Busy(payment)
    assert await decline(clocked, BASE, order, new_id(), "declined") == Unchanged("PAYING")
    answer = await decline(clocked, BASE, order, payment, "declined")
    assert isinstance(answer, StillHeld)
    assert await decline(clocked, BASE, order, payment, "declined") == Unchanged("HELD")
    await check_laws(clocked, BASE)


async def test_a_hold_is_released_by_its_buyer_or_the_engine_only(clocked: ClockedStore) -> None:
    await opened(clocked)
    order, payment = await paying(clocked, 1)
    assert await release(clocked, BASE, order, "CANCELLED", "wish", user=2) == Unknown()
    answer = await release(clocked, BASE, order, "CANCELLED", "wish", user=1)
    assert answer == StillPaying(payment)
    assert (await check_laws(clocked, BASE)).holds[order].state == "PAYING"
