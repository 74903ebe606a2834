"""Stock is taken exactly: never more than there is, never more than a buyer may, all or nothing."""

import asyncio
from collections import Counter

import pytest

from lua.gate import set_gate
from lua.open import Item
from lua.outcomes import Closed, NotInSale
from lua.pause import pause
from lua.reserve import (
    ClockSkewed,
    Held,
    LimitReached,
    NotOpen,
    Outcome,
    Overloaded,
    Replayed,
    SoldOut,
    reserve,
)
from lua.scripts import CLOCK_AHEAD_MS, CLOCK_BEHIND_MS
from lua.store import Store
from lua.trim import KEEP_ALL, trim
from tests.lua.clock import NOON_MS, ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import (
    BASE,
    PRICE_MINOR,
    PRODUCT,
    buy,
    id_made_at,
    lines_of,
    loaded,
    new_id,
    opened,
    server_ms,
)


def words(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


async def test_500_buyers_at_once_get_exactly_100_units(busy_store: Store) -> None:
    await opened(busy_store, units=100, limit=1)
    outcomes = await asyncio.gather(*(buy(busy_store, user) for user in range(1, 501)))
    assert words(outcomes) == {"Held": 100, "SoldOut": 400}
    state = await check_laws(busy_store, BASE)
    assert (state.now.items[PRODUCT].available, state.now.items[PRODUCT].held) == (0, 100)


async def test_a_buyer_with_1000_requests_at_once_gets_exactly_the_limit(busy_store: Store) -> None:
    await opened(busy_store, units=1_000, limit=3)
    outcomes = await asyncio.gather(*(buy(busy_store, 1) for _ in range(1_000)))
    assert words(outcomes) == {"Held": 3, "LimitReached": 997}
    await check_laws(busy_store, BASE)


async def test_an_order_says_what_it_costs_and_until_when_it_is_held(store: Store) -> None:
    await opened(store, ttl_ms=5_000)
    before_ms = await server_ms(store)
    outcome = await buy(store, 1, 3)
    assert isinstance(outcome, Held)
    assert before_ms <= outcome.created_ms <= await server_ms(store)
    assert outcome == Held(
        outcome.created_ms, outcome.created_ms + 5_000, 3 * PRICE_MINOR, "EUR", lines_of(3)
    )


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([(1, 1), (2, 3)], "SoldOut"),
        ([(2, 3), (1, 1)], "SoldOut"),
        ([(1, 3), (2, 1)], "LimitReached"),
        ([(2, 1), (9, 1)], "NotInSale"),
        ([(1, 1), (2, 2)], "Held"),
    ],
)
async def test_all_lines_or_nothing(
    store: Store, lines: list[tuple[int, int]], refusal: str
) -> None:
    await opened(store, items=[Item(1, 10, 100, 2), Item(2, 2, 50, 0)])
    before = await fingerprint(store.client)
    outcome = await reserve(store, BASE, new_id(), 1, "k", lines)
    assert type(outcome).__name__ == refusal
    assert (await fingerprint(store.client) == before) == (refusal != "Held")
    state = await check_laws(store, BASE)
    taken = dict(lines) if refusal == "Held" else {}
    assert {p: item.held for p, item in state.now.items.items()} == {1: 0, 2: 0} | taken


async def test_refusals_tell_what_is_wrong_with_which_item(store: Store) -> None:
    await opened(store, items=[Item(1, 10, 100, 2), Item(2, 2, 50, 0)])
    assert await reserve(store, BASE, new_id(), 1, "a", [(1, 3)]) == LimitReached(1, 2)
    assert await reserve(store, BASE, new_id(), 1, "b", [(1, 1), (8, 1)]) == NotInSale(8)
    outcome = await reserve(store, BASE, new_id(), 1, "c", [(1, 1), (2, 3)])
    assert isinstance(outcome, SoldOut)
    assert (outcome.product, outcome.available, outcome.next_due_ms) == (2, 2, 0)


async def test_the_limit_counts_what_was_taken_before(store: Store) -> None:
    await opened(store, limit=5)
    assert isinstance(await buy(store, 1, 3), Held)
    assert await buy(store, 1, 3) == LimitReached(PRODUCT, 5)
    assert isinstance(await buy(store, 1, 2), Held)
    assert isinstance(await buy(store, 2, 5), Held)


async def test_the_window_is_open_from_its_start_to_just_before_its_end(
    clocked: ClockedStore,
) -> None:
    starts_ms, ends_ms = NOON_MS + 1_000, NOON_MS + 5_000
    await opened(clocked, starts_ms=starts_ms, ends_ms=ends_ms)
    for moment_ms, state in (
        (NOON_MS, "scheduled"),
        (starts_ms - 1, "scheduled"),
        (starts_ms, "open"),
        (ends_ms - 1, "open"),
        (ends_ms, "ended"),
        (ends_ms + 1, "ended"),
    ):
        await clocked.set_clock(moment_ms)
        outcome = await buy(clocked, 1)
        if state == "open":
            assert isinstance(outcome, Held)
            assert outcome.created_ms == moment_ms
        else:
            assert outcome == NotOpen(state, starts_ms, moment_ms)


async def test_the_window_is_judged_by_the_servers_clock(store: Store) -> None:
    """With the real clock: an hour away, and an hour ago."""
    now_ms = await server_ms(store)
    await opened(store, "{1.0}", starts_ms=now_ms + 3_600_000)
    await opened(store, "{2.0}", ends_ms=now_ms - 3_600_000)
    await opened(store, "{3.0}", starts_ms=now_ms - 3_600_000, ends_ms=now_ms + 3_600_000)
    outcomes = [await buy(store, 1, base=base) for base in ("{1.0}", "{2.0}", "{3.0}")]
    assert [getattr(outcome, "state", "held") for outcome in outcomes] == [
        "scheduled",
        "ended",
        "held",
    ]


async def test_a_paused_sale_takes_no_orders_until_it_is_resumed(store: Store) -> None:
    await opened(store)
    await pause(store, BASE, "paused")
    outcome = await buy(store, 1)
    assert isinstance(outcome, NotOpen)
    assert outcome.state == "paused"
    await pause(store, BASE, "open")
    assert isinstance(await buy(store, 1), Held)


async def test_a_journal_at_its_ceiling_takes_no_orders_until_it_is_lifted(store: Store) -> None:
    await opened(store, ceiling=3)
    first = new_id()
    assert isinstance(await buy(store, 1, key="k", order=first), Held)
    assert isinstance(await buy(store, 2), Held)
    assert await buy(store, 3) == Overloaded()
    replayed = await buy(store, 1, key="k")
    assert isinstance(replayed, Replayed)
    assert replayed.order == first
    await trim(store, BASE, KEEP_ALL, 4)
    assert isinstance(await buy(store, 3), Held)
    assert await buy(store, 4) == Overloaded()


async def test_nothing_is_sold_behind_a_closed_or_missing_gate(store: Store) -> None:
    assert await buy(store, 1) == Closed("")
    await opened(store)
    await set_gate(store, BASE, "closed")
    before = await fingerprint(store.client)
    assert await buy(store, 1) == Closed("closed:1")
    assert await fingerprint(store.client) == before


async def test_a_generation_sells_only_while_it_is_the_stores(store: Store) -> None:
    await opened(store)
    newer = Store(store.client, 2)
    assert await buy(newer, 1) == Closed("noscript")
    await loaded(store.client, 2)
    assert await buy(newer, 1) == Closed("open:1")
    await set_gate(newer, BASE, "open")
    assert isinstance(await buy(newer, 1), Held)
    assert await buy(store, 1) == Closed("open:2")
    state = await check_laws(newer, BASE)
    assert [str(position) for position, _ in state.journal] == ["1-1", "2-2"]


@pytest.mark.parametrize("skew_ms", [CLOCK_AHEAD_MS + 1, -CLOCK_BEHIND_MS - 1])
async def test_an_order_id_of_a_clock_too_far_off_is_refused(
    clocked: ClockedStore, skew_ms: int
) -> None:
    await opened(clocked)
    before = await fingerprint(clocked.client)
    assert await buy(clocked, 1, order=id_made_at(NOON_MS + skew_ms)) == ClockSkewed(NOON_MS)
    assert await fingerprint(clocked.client) == before


@pytest.mark.parametrize("skew_ms", [CLOCK_AHEAD_MS, -CLOCK_BEHIND_MS])
async def test_an_order_id_of_a_clock_a_little_off_is_taken(
    clocked: ClockedStore, skew_ms: int
) -> None:
    await opened(clocked)
    order = id_made_at(NOON_MS + skew_ms)
    first = await buy(clocked, 1, key="k", order=order)
    assert isinstance(first, Held)
    assert await buy(clocked, 1, key="k", order=order) == first
    await check_laws(clocked, BASE)
