"""A buyer's attempts are limited exactly as GCRA says, by the server's clock.

GCRA: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm, with a burst of the whole limit.
"""

import asyncio

import pytest

from lua.reserve import Held, LimitReached, RateLimited, reserve
from lua.store import Store
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import BASE, PRODUCT, new_id, opened, server_ms, wait_until

LIMIT, PERIOD_MS = 5, 200
EACH_MS = PERIOD_MS // LIMIT


async def attempt(store: Store, user: int = 1, key: str | None = None, quantity: int = 1) -> object:
    order = new_id()
    lines = [(PRODUCT, quantity)]
    return await reserve(store, BASE, order, user, key or order, lines, LIMIT, PERIOD_MS)


async def test_attempts_pass_exactly_when_the_rate_allows_them(store: Store) -> None:
    """Every answer is checked against the algorithm, at the millisecond of the answer."""
    await opened(store, units=1_000_000)
    whole_ms = 0  # when the limit is whole again: the theoretical arrival time
    passed = limited = 0
    until_ms = await server_ms(store) + 3 * PERIOD_MS
    while (before_ms := await server_ms(store)) < until_ms:
        outcome = await attempt(store)
        after_ms = await server_ms(store)
        free_ms = whole_ms + EACH_MS - PERIOD_MS
        if isinstance(outcome, Held):
            assert outcome.created_ms >= free_ms
            whole_ms = max(whole_ms, outcome.created_ms) + EACH_MS
            passed += 1
        else:
            assert isinstance(outcome, RateLimited)
            assert before_ms + outcome.retry_ms <= free_ms <= after_ms + outcome.retry_ms
            assert outcome.retry_ms > 0
            limited += 1
    assert limited > 0
    assert LIMIT + 2 * PERIOD_MS // EACH_MS <= passed <= LIMIT + 4 * PERIOD_MS // EACH_MS
    await check_laws(store, BASE)


async def test_a_burst_gets_the_whole_limit_and_no_more(busy_store: Store) -> None:
    await opened(busy_store, units=1_000)
    began_ms = await server_ms(busy_store)
    outcomes = await asyncio.gather(*(attempt(busy_store) for _ in range(100)))
    took_ms = await server_ms(busy_store) - began_ms
    held = sum(isinstance(outcome, Held) for outcome in outcomes)
    assert LIMIT <= held <= LIMIT + took_ms // EACH_MS + 1


async def test_one_attempt_is_free_after_the_time_that_was_told(store: Store) -> None:
    await opened(store, units=1_000)
    for _ in range(LIMIT):
        await attempt(store)
    outcome = await attempt(store)
    after_ms = await server_ms(store)
    assert isinstance(outcome, RateLimited)
    await wait_until(store, after_ms + outcome.retry_ms)
    assert isinstance(await attempt(store), Held)


async def test_a_limited_attempt_changes_nothing_and_costs_nothing(store: Store) -> None:
    await opened(store, units=1_000)
    for _ in range(LIMIT):
        await attempt(store)
    before = await fingerprint(store.client)
    assert isinstance(await attempt(store), RateLimited)
    assert await fingerprint(store.client) == before


async def test_a_refused_attempt_counts(store: Store) -> None:
    await opened(store, units=1_000, limit=1)
    for _ in range(LIMIT):
        assert isinstance(await attempt(store, quantity=2), LimitReached)
    assert isinstance(await attempt(store), RateLimited)
    await check_laws(store, BASE)


async def test_a_replay_is_never_limited(store: Store) -> None:
    await opened(store, units=1_000)
    await attempt(store, key="k")
    for _ in range(2 * LIMIT):
        await attempt(store)
    assert type(await attempt(store, key="k")).__name__ == "Replayed"


@pytest.mark.parametrize("other", [2, 11])
async def test_a_buyers_limit_is_theirs_alone(store: Store, other: int) -> None:
    await opened(store, units=1_000)
    for _ in range(LIMIT + 1):
        await attempt(store)
    assert isinstance(await attempt(store, other), Held)
