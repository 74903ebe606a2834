"""Over midnight nothing that is needed is forgotten; what is over leaves after a few days.

A day has 500 ms here: the loader writes its length into the scripts, and midnights come by
themselves.
"""

import pytest
import redis.asyncio

from lua import keys, scripts
from lua.begin_payment import begin_payment
from lua.confirm import confirm
from lua.expire import Expired, expire
from lua.open import Item
from lua.outcomes import Confirmed, Refund
from lua.refuse import refuse
from lua.release import Over, Released, release
from lua.reserve import Held, Replayed, reserve
from lua.store import Store
from tests.lua.lane_laws import held_units, ledger, queues
from tests.lua.lane_state import LaneState, read_lane
from tests.lua.lanes import (
    BASE,
    LONG_MS,
    PRODUCT,
    buy,
    held,
    id_made_at,
    loaded,
    new_id,
    opened,
    paying,
    server_ms,
    wait_until,
)

DAY_MS, AHEAD_MS, BEHIND_MS = 500, 150, 150
TTL_MS = 100
GENERATION = 77
"""One of its own: the text of a script is kept by its generation."""


@pytest.fixture
async def short_days(valkey: "redis.asyncio.Redis", monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(keys, "DAY_MS", DAY_MS)
    monkeypatch.setattr(scripts, "CLOCK_AHEAD_MS", AHEAD_MS)
    monkeypatch.setattr(scripts, "CLOCK_BEHIND_MS", BEHIND_MS)
    return await loaded(valkey, GENERATION)


async def midnight(store: Store, offset_ms: int = 0, *, days: int = 1) -> int:
    """Wait for the first, second, ... midnight from now on, and `offset_ms` (may be below 0).

    Gives the moment of that midnight.
    """
    midnight_ms = ((await server_ms(store) - offset_ms) // DAY_MS + days) * DAY_MS
    await wait_until(store, midnight_ms + offset_ms)
    return midnight_ms


async def sound(store: Store) -> LaneState:
    """Read the lane; assert the laws that do not ask for its whole history."""
    state = await read_lane(store, BASE)
    assert [*ledger(state), *held_units(state), *queues(state)] == []
    return state


@pytest.mark.parametrize("late_ms", [1, DAY_MS - 100])
async def test_a_key_is_found_for_a_day_over_midnight(short_days: Store, late_ms: int) -> None:
    await opened(short_days, ttl_ms=DAY_MS)
    await midnight(short_days, -40)
    order = new_id()
    assert isinstance(await buy(short_days, 1, key="k", order=order), Held)
    await midnight(short_days, late_ms)
    await buy(short_days, 2)  # the day turns
    replayed = await buy(short_days, 1, key="k")
    assert isinstance(replayed, Replayed)
    assert replayed.order == order


async def test_a_key_made_after_midnight_with_an_id_from_before_is_found(short_days: Store) -> None:
    """The slot is that of the id; a lane opened today is searched for it, too."""
    midnight_ms = await midnight(short_days, 5)
    await opened(short_days, ttl_ms=DAY_MS)
    order = id_made_at(midnight_ms - 1)
    first = await buy(short_days, 1, key="k", order=order)
    assert isinstance(first, Held)
    assert await buy(short_days, 1, key="k", order=order) == first
    assert isinstance(await buy(short_days, 1, key="k"), Replayed)


async def test_a_key_made_before_midnight_with_an_id_from_after_is_found(short_days: Store) -> None:
    await opened(short_days, ttl_ms=DAY_MS)
    midnight_ms = await midnight(short_days, -100)
    order = id_made_at(midnight_ms + 20)
    first = await buy(short_days, 1, key="k", order=order)
    assert isinstance(first, Held)
    assert await buy(short_days, 1, key="k", order=order) == first
    await midnight(short_days, 5)
    await buy(short_days, 2)  # the day turns, and must not empty the slot of today
    assert await buy(short_days, 1, key="k", order=order) == first
    assert isinstance(await buy(short_days, 1, key="k"), Replayed)


async def test_records_and_keys_of_the_last_three_days_are_kept(short_days: Store) -> None:
    await opened(short_days, units=1_000, ttl_ms=TTL_MS)
    made: list[str] = []
    for _ in range(5):
        await midnight(short_days, 10)
        await expire(short_days, BASE, 100, 0)
        made.append(await held(short_days, 1))
        state = await sound(short_days)
        assert set(state.holds) == set(made[-3:])
        assert {order for order, _ in state.keys.values()} == set(made[-3:])


async def test_a_verdict_is_known_for_a_day_and_leaves_on_the_second(short_days: Store) -> None:
    await opened(short_days, ttl_ms=DAY_MS)
    await midnight(short_days, -40)
    order, payment = await held(short_days), new_id()
    assert await confirm(short_days, BASE, order, payment) == Confirmed()
    await midnight(short_days, DAY_MS - 120)
    await confirm(short_days, BASE, await held(short_days), new_id())  # the day turns
    assert await confirm(short_days, BASE, order, payment) == Confirmed()
    assert await refuse(short_days, BASE, order, payment, "mismatch") == Confirmed()
    await midnight(short_days, 10)
    await confirm(short_days, BASE, await held(short_days), new_id())
    assert payment not in (await sound(short_days)).verdicts


@pytest.mark.parametrize("state", ["HELD", "PAYING", "EXPIRING"])
async def test_a_store_that_slept_for_days_still_ends_its_holds(
    short_days: Store, state: str
) -> None:
    """The first write after the sleep must not drop the record of a hold that still lives."""
    items = [Item(PRODUCT, 10, 1999, 0), Item(8, 10, 500, 0)]
    await midnight(short_days, 5)
    await opened(short_days, items=items, ttl_ms=TTL_MS)
    if state == "HELD":
        order, payment = await held(short_days), "-"
    else:
        order, payment = await paying(short_days)
    if state == "EXPIRING":
        await wait_until(short_days, await server_ms(short_days) + TTL_MS)
        assert await expire(short_days, BASE, 1, LONG_MS) == Expired(0, 1)
    await midnight(short_days, 10, days=3)
    assert isinstance(await reserve(short_days, BASE, new_id(), 9, "k", [(8, 1)]), Held)
    assert (await sound(short_days)).holds[order].state == state
    await buy(short_days, 1)
    released = await release(short_days, BASE, order, "EXPIRED", "late", payment=payment)
    assert released in (Released(), Over("EXPIRED"))
    after = await sound(short_days)
    assert after.holds[order].state == "EXPIRED"
    assert after.now.items[PRODUCT].available == 9


async def test_money_for_a_hold_that_slept_for_days_pays_it_once(short_days: Store) -> None:
    """Confirm is the first write of the day here: the record it writes must outlive it."""
    await midnight(short_days, 5)
    await opened(short_days, ttl_ms=TTL_MS)
    order, payment = await paying(short_days, 1)
    await midnight(short_days, 10, days=3)
    assert await confirm(short_days, BASE, order, payment) == Confirmed()
    assert await confirm(short_days, BASE, order, new_id()) == Refund("duplicate")
    assert (await sound(short_days)).holds[order].state == "PAID"


async def test_a_slot_that_was_kept_is_emptied_on_its_next_round(short_days: Store) -> None:
    await midnight(short_days, 5)
    await opened(short_days, ttl_ms=TTL_MS)
    order = await held(short_days)
    await midnight(short_days, 10, days=3)
    await held(short_days, 2)
    assert order in (await sound(short_days)).holds
    await expire(short_days, BASE, 100, 0)
    for _ in range(4):
        await midnight(short_days, 10)
        await expire(short_days, BASE, 100, 0)
        await held(short_days, 2)
    assert order not in (await sound(short_days)).holds


async def test_a_payment_keeps_its_hold_over_midnight(short_days: Store) -> None:
    await opened(short_days, ttl_ms=TTL_MS)
    await midnight(short_days, -20)
    order, payment = await held(short_days), new_id()
    await begin_payment(short_days, BASE, order, payment, 60)
    await midnight(short_days, 5)
    await held(short_days, 2)  # the day turns
    assert await confirm(short_days, BASE, order, payment) == Confirmed()
