"""Over midnight nothing that is needed is forgotten; what is over leaves after some days."""

import pytest

from lua import keys
from lua.begin_payment import Paying, begin_payment
from lua.confirm import confirm
from lua.expire import Expired, expire
from lua.open import Item
from lua.outcomes import Confirmed, Refund
from lua.refuse import refuse
from lua.release import Released, release
from lua.reserve import Held, Replayed, reserve
from lua.scripts import CLOCK_AHEAD_MS, CLOCK_BEHIND_MS
from tests.lua.clock import NOON_MS, ClockedStore
from tests.lua.lane_laws import check_laws, held_units, ledger, queues
from tests.lua.lane_state import LaneState, read_lane
from tests.lua.lanes import BASE, PRODUCT, buy, held, id_made_at, new_id, new_order, opened, paying

DAY_MS = keys.DAY_MS
MIDNIGHT_MS = NOON_MS + DAY_MS // 2
TTL_MS = 300_000
GRACE_MS = 30_000


async def sound(store: ClockedStore) -> LaneState:
    """Read the lane; assert the laws that do not ask for its whole history."""
    state = await read_lane(store, BASE)
    assert [*ledger(state), *held_units(state), *queues(state)] == []
    return state


async def turn_day(store: ClockedStore) -> None:
    """The first write of a day, by somebody else."""
    assert isinstance(await buy(store, 999), Held)


@pytest.mark.parametrize("made_ms", [NOON_MS, MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + 1])
@pytest.mark.parametrize("age_ms", [1, DAY_MS // 2, DAY_MS - 1])
async def test_a_key_is_found_for_a_day(clocked: ClockedStore, made_ms: int, age_ms: int) -> None:
    await opened(clocked)
    await clocked.set_clock(made_ms)
    order = new_order(clocked)
    first = await buy(clocked, 1, key="k", order=order)
    assert isinstance(first, Held)
    await clocked.pass_ms(age_ms)
    await turn_day(clocked)
    replayed = await buy(clocked, 1, key="k")
    assert isinstance(replayed, Replayed)
    assert (replayed.order, replayed.created_ms) == (order, first.created_ms)
    await check_laws(clocked, BASE)


@pytest.mark.parametrize("late_ms", [0, 1, CLOCK_BEHIND_MS - 1])
async def test_a_key_made_after_midnight_with_an_id_from_before_is_found(
    clocked: ClockedStore, late_ms: int
) -> None:
    """The slot is that of the id; a lane opened today is searched for it, too."""
    await clocked.set_clock(MIDNIGHT_MS + late_ms)
    await opened(clocked)
    order = id_made_at(MIDNIGHT_MS - 1)
    first = await buy(clocked, 1, key="k", order=order)
    assert isinstance(first, Held)
    assert await buy(clocked, 1, key="k", order=order) == first
    assert isinstance(await buy(clocked, 1, key="k"), Replayed)
    await check_laws(clocked, BASE)


async def test_a_key_made_before_midnight_with_an_id_from_after_is_found(
    clocked: ClockedStore,
) -> None:
    """A gateway's clock is ahead; the turn of the day must not empty the slot of the new day."""
    await opened(clocked)
    await clocked.set_clock(MIDNIGHT_MS - CLOCK_AHEAD_MS)
    order = id_made_at(MIDNIGHT_MS)
    first = await buy(clocked, 1, key="k", order=order)
    assert isinstance(first, Held)
    for moment_ms in (clocked.now_ms, MIDNIGHT_MS - 1, MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS - 1):
        await clocked.set_clock(moment_ms)
        await turn_day(clocked)
        assert isinstance(await buy(clocked, 1, key="k"), Replayed)
    await clocked.set_clock(MIDNIGHT_MS + 1)
    assert await buy(clocked, 1, key="k", order=order) == first
    await check_laws(clocked, BASE)


async def test_records_and_keys_of_the_last_three_days_are_kept(clocked: ClockedStore) -> None:
    await opened(clocked, ttl_ms=TTL_MS)
    made: list[str] = []
    for _ in range(9):
        made.append(await held(clocked, 1))
        state = await sound(clocked)
        assert set(state.holds) == set(made[-3:])
        assert {order for order, _ in state.keys.values()} == set(made[-3:])
        await clocked.pass_ms(DAY_MS)
        await expire(clocked, BASE, 100, 0)


async def test_a_verdict_is_known_for_a_day_and_leaves_on_the_second(
    clocked: ClockedStore,
) -> None:
    await opened(clocked)
    await clocked.set_clock(MIDNIGHT_MS - 1)
    order, payment = await held(clocked), new_id()
    assert await confirm(clocked, BASE, order, payment) == Confirmed()
    await clocked.pass_ms(DAY_MS)
    await confirm(clocked, BASE, await held(clocked), new_id())  # the day turns
    assert await confirm(clocked, BASE, order, payment) == Confirmed()
    assert await refuse(clocked, BASE, order, payment, "mismatch") == Confirmed()
    await clocked.pass_ms(1)
    await confirm(clocked, BASE, await held(clocked), new_id())
    assert payment not in (await sound(clocked)).verdicts


@pytest.mark.parametrize("state", ["HELD", "PAYING", "EXPIRING"])
@pytest.mark.parametrize("days", [1, 2, 3, 4, 7])
async def test_a_store_that_slept_for_days_still_ends_its_holds(
    clocked: ClockedStore, state: str, days: int
) -> None:
    """The first write after the sleep must not drop the record of a hold that still lives."""
    items = [Item(PRODUCT, 10, 1999, 0), Item(8, 10, 500, 0)]
    await opened(clocked, items=items, ttl_ms=DAY_MS)
    order, payment = (await held(clocked), "-") if state == "HELD" else await paying(clocked)
    await clocked.pass_ms(days * DAY_MS)
    if state == "EXPIRING":
        assert await expire(clocked, BASE, 1, GRACE_MS) == Expired(0, 1)
    assert isinstance(await reserve(clocked, BASE, new_order(clocked), 9, "k", [(8, 1)]), Held)
    assert (await sound(clocked)).holds[order].state == state
    answer = await release(clocked, BASE, order, "EXPIRED", "late", payment=payment)
    assert answer == Released()
    after = await sound(clocked)
    assert after.holds[order].state == "EXPIRED"
    assert after.now.items[PRODUCT].available == 10


async def test_the_longest_hold_outlives_every_turn_of_the_day(clocked: ClockedStore) -> None:
    """A day, a payment of an hour, an id of the slowest clock, made at the worst moment."""
    await clocked.set_clock(MIDNIGHT_MS + CLOCK_BEHIND_MS - 1)
    await opened(clocked, ttl_ms=DAY_MS)
    order, payment = id_made_at(MIDNIGHT_MS - 1), new_id()
    await buy(clocked, 1, order=order)
    await clocked.pass_ms(DAY_MS - 1)
    begun = await begin_payment(clocked, BASE, order, payment, CLOCK_BEHIND_MS)
    assert isinstance(begun, Paying)
    while clocked.now_ms < begun.deadline_ms:
        await turn_day(clocked)
        assert (await sound(clocked)).holds[order].state == "PAYING"
        await clocked.set_clock(min(clocked.now_ms + DAY_MS // 24, begun.deadline_ms))
    assert await confirm(clocked, BASE, order, payment) == Confirmed()
    await check_laws(clocked, BASE)


async def test_money_for_a_hold_that_slept_for_days_pays_it_once(clocked: ClockedStore) -> None:
    """Confirm is the first write of the day here: the record it writes must outlive it."""
    await opened(clocked, ttl_ms=TTL_MS)
    order, payment = await paying(clocked, 1)
    await clocked.pass_ms(3 * DAY_MS)
    assert await confirm(clocked, BASE, order, payment) == Confirmed()
    assert await confirm(clocked, BASE, order, new_id()) == Refund("duplicate")
    assert (await sound(clocked)).holds[order].state == "PAID"


async def test_a_slot_that_was_kept_is_emptied_on_its_next_round(clocked: ClockedStore) -> None:
    await opened(clocked, ttl_ms=TTL_MS)
    order = await held(clocked)
    await clocked.pass_ms(3 * DAY_MS)
    await turn_day(clocked)
    assert order in (await sound(clocked)).holds
    for _ in range(4):
        await expire(clocked, BASE, 100, 0)
        await clocked.pass_ms(DAY_MS)
        await turn_day(clocked)
    assert order not in (await sound(clocked)).holds
