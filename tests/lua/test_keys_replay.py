"""A retry is safe: one idempotency key makes one order, whatever happened in between."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from lua.close import close_lane
from lua.confirm import confirm
from lua.pause import pause
from lua.release import release
from lua.reserve import Held, KeyReused, Replayed, SoldOut
from lua.store import ScriptFailed, Store
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import BASE, PRODUCT, buy, new_id, opened


def replay_of(order: str, held: Held) -> Replayed:
    return Replayed(
        order, held.created_ms, held.deadline_ms, held.total_minor, held.currency, held.lines
    )


async def test_one_key_20_times_at_once_makes_one_order(busy_store: Store) -> None:
    await opened(busy_store)
    outcomes = await asyncio.gather(*(buy(busy_store, 1, 2, key="k") for _ in range(20)))
    held = [outcome for outcome in outcomes if isinstance(outcome, Held)]
    replayed = [outcome for outcome in outcomes if isinstance(outcome, Replayed)]
    assert (len(held), len(replayed)) == (1, 19)
    [order] = {outcome.order for outcome in replayed}
    assert set(replayed) == {replay_of(order, held[0])}
    state = await check_laws(busy_store, BASE)
    assert state.now.items[PRODUCT].held == 2


async def test_a_call_whose_answer_was_lost_takes_stock_once_and_answers_the_same(
    store: Store,
) -> None:
    await opened(store)
    order = new_id()
    first = await buy(store, 1, 2, key="k", order=order)
    before = await fingerprint(store.client)
    assert isinstance(first, Held)
    assert await buy(store, 1, 2, key="k", order=order) == first
    assert await fingerprint(store.client) == before


async def test_a_call_that_was_cut_off_after_it_was_sent_is_asked_for_again(
    busy_store: Store,
) -> None:
    """Really lost: the callers are cancelled while the server may have done it, or not."""
    await opened(busy_store, units=200)
    orders = [(user, new_id()) for user in range(1, 101)]
    calls = [
        asyncio.ensure_future(buy(busy_store, user, key="k", order=order)) for user, order in orders
    ]
    for some in itertools.islice(asyncio.as_completed(calls), 20):
        await some
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    answers = await asyncio.gather(
        *(buy(busy_store, user, key="k", order=order) for user, order in orders)
    )
    assert all(isinstance(answer, Held) for answer in answers)
    state = await check_laws(busy_store, BASE)
    assert state.now.items[PRODUCT].held == 100


async def test_a_key_with_another_body_is_refused(store: Store) -> None:
    await opened(store)
    await buy(store, 1, 1, key="k")
    before = await fingerprint(store.client)
    assert await buy(store, 1, 2, key="k") == KeyReused()
    assert await fingerprint(store.client) == before


@pytest.mark.parametrize(("user", "key"), [(1, "other"), (2, "k")])
async def test_an_order_id_is_never_used_twice(store: Store, user: int, key: str) -> None:
    await opened(store)
    order = new_id()
    await buy(store, 1, key="k", order=order)
    before = await fingerprint(store.client)
    with pytest.raises(ScriptFailed, match="made with another key"):
        await buy(store, user, key=key, order=order)
    assert await fingerprint(store.client) == before


async def test_a_key_belongs_to_its_buyer(store: Store) -> None:
    await opened(store)
    assert isinstance(await buy(store, 1, key="k"), Held)
    assert isinstance(await buy(store, 2, key="k"), Held)
    assert isinstance(await buy(store, 11, key=":k"), Held)
    assert isinstance(await buy(store, 1, key="1:k"), Held)


async def test_a_refused_call_leaves_its_key_free(store: Store) -> None:
    await opened(store, units=1)
    assert isinstance(await buy(store, 1, 2, key="k"), SoldOut)
    assert isinstance(await buy(store, 1, 1, key="k"), Held)


async def sell_out(store: Store, order: str) -> None:
    assert isinstance(await buy(store, 2, 9), Held)
    assert isinstance(await buy(store, 3), SoldOut)


async def pay(store: Store, order: str) -> None:
    await confirm(store, BASE, order, new_id())


async def end_unpaid(store: Store, order: str) -> None:
    await release(store, BASE, order, "EXPIRED", "deadline")


@pytest.mark.parametrize(
    "change",
    [
        sell_out,
        pay,
        end_unpaid,
        lambda store, order: pause(store, BASE, "paused"),
        lambda store, order: close_lane(store, BASE),
    ],
    ids=["sold out", "paid", "expired", "paused", "closing"],
)
async def test_a_replay_gets_the_first_answer_whatever_became_of_sale_and_order(
    store: Store, change: Callable[[Store, str], Awaitable[object]]
) -> None:
    await opened(store, units=10)
    order = new_id()
    first = await buy(store, 1, key="k", order=order)
    assert isinstance(first, Held)
    await change(store, order)
    before = await fingerprint(store.client)
    assert await buy(store, 1, key="k") == replay_of(order, first)
    assert await buy(store, 1, key="k", order=order) == first
    assert await fingerprint(store.client) == before
