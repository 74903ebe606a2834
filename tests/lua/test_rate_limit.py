"""A buyer's attempts are limited exactly as GCRA says, by the server's clock.

GCRA: https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm, with a burst of the whole limit.
"""

import asyncio
import random

import pytest

from lua.reserve import Held, LimitReached, Outcome, RateLimited, Replayed, reserve
from lua.store import Store
from tests.lua.clock import NOON_MS, ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import BASE, LONG_MS, PRODUCT, new_order, opened

LIMIT, PERIOD_MS = 5, 60_000
EACH_MS = PERIOD_MS // LIMIT


async def attempt(
    store: Store,
    user: int = 1,
    key: str | None = None,
    quantity: int = 1,
    *,
    rate: tuple[int, int] = (LIMIT, PERIOD_MS),
) -> Outcome:
    order = new_order(store)
    return await reserve(store, BASE, order, user, key or order, [(PRODUCT, quantity)], *rate)


async def use_up(store: Store) -> None:
    for _ in range(LIMIT):
        assert isinstance(await attempt(store), Held)


async def test_a_burst_gets_the_whole_limit_and_then_one_attempt_each_interval(
    clocked: ClockedStore,
) -> None:
    await opened(clocked, units=1_000)
    await use_up(clocked)
    for _ in range(3):
        assert await attempt(clocked) == RateLimited(EACH_MS)
        await clocked.pass_ms(EACH_MS - 1)
        assert await attempt(clocked) == RateLimited(1)
        await clocked.pass_ms(1)
        assert isinstance(await attempt(clocked), Held)


async def test_the_limit_is_whole_again_after_the_period(clocked: ClockedStore) -> None:
    await opened(clocked, units=1_000)
    await use_up(clocked)
    await clocked.pass_ms(PERIOD_MS)
    await use_up(clocked)
    assert await attempt(clocked) == RateLimited(EACH_MS)


@pytest.mark.parametrize("rate", [(1, 1_000), (3, 1_000), (7, 60_000), (30, 60_000)])
async def test_attempts_at_any_moment_are_judged_as_the_algorithm_says(
    clocked: ClockedStore, rate: tuple[int, int]
) -> None:
    await opened(clocked, units=1_000_000, ttl_ms=LONG_MS)
    limit, period_ms = rate
    each_ms, whole_ms = period_ms // limit, 0
    dice = random.Random(limit)
    for _ in range(150):
        await clocked.pass_ms(dice.choice([0, 0, 1, each_ms // 2, each_ms, 2 * each_ms]))
        next_ms = max(whole_ms, clocked.now_ms) + each_ms
        outcome = await attempt(clocked, rate=rate)
        if next_ms - clocked.now_ms > period_ms:
            assert outcome == RateLimited(next_ms - period_ms - clocked.now_ms)
        else:
            assert isinstance(outcome, Held)
            whole_ms = next_ms
    await check_laws(clocked, BASE)


async def test_100_attempts_at_once_get_no_more_than_the_limit(busy_store: Store) -> None:
    """On the real clock: the interval is so long that no second burst fits."""
    await opened(busy_store, units=1_000)
    outcomes = await asyncio.gather(
        *(attempt(busy_store, rate=(LIMIT, 3_600_000)) for _ in range(100))
    )
    assert sum(isinstance(outcome, Held) for outcome in outcomes) == LIMIT
    await check_laws(busy_store, BASE)


async def test_a_limited_attempt_changes_nothing(clocked: ClockedStore) -> None:
    await opened(clocked, units=1_000)
    await use_up(clocked)
    before = await fingerprint(clocked.client)
    assert isinstance(await attempt(clocked), RateLimited)
    assert await fingerprint(clocked.client) == before


async def test_a_refused_attempt_counts(clocked: ClockedStore) -> None:
    await opened(clocked, units=1_000, limit=1)
    for _ in range(LIMIT):
        assert isinstance(await attempt(clocked, quantity=2), LimitReached)
    assert isinstance(await attempt(clocked), RateLimited)
    await check_laws(clocked, BASE)


async def test_an_attempt_counts_before_the_window_opens(clocked: ClockedStore) -> None:
    """Who asks early and often is not first in the line when the sale begins."""
    await opened(clocked, units=1_000, starts_ms=NOON_MS + 1)
    for _ in range(LIMIT):
        await attempt(clocked)
    await clocked.pass_ms(1)
    assert await attempt(clocked) == RateLimited(EACH_MS - 1)


async def test_a_replay_is_never_limited(clocked: ClockedStore) -> None:
    await opened(clocked, units=1_000)
    await attempt(clocked, key="k")
    for _ in range(2 * LIMIT):
        await attempt(clocked)
    assert isinstance(await attempt(clocked, key="k"), Replayed)


@pytest.mark.parametrize("other", [2, 11])
async def test_a_buyers_limit_is_theirs_alone(clocked: ClockedStore, other: int) -> None:
    await opened(clocked, units=1_000)
    await use_up(clocked)
    assert isinstance(await attempt(clocked), RateLimited)
    assert isinstance(await attempt(clocked, other), Held)
