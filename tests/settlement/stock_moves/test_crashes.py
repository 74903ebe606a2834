"""A move that is cut off at any place is finished or undone, and no unit is lost or made."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
import redis.asyncio

from lua.close import close_lane
from lua.keys import lane_base
from lua.store import StoreUnreachable
from settlement.stock_moves import end_sale, open_sale
from settlement.stock_moves.outcomes import Done, InUse, NotEnough, Pending, WrongState
from tests.settlement.stock_moves.yard import GIVEN, UNITS, Yard, open_yard

Lost = Literal["before", "after"]


@pytest.fixture
async def yard(valkey: "redis.asyncio.Redis", database_url: str) -> AsyncIterator[Yard]:
    async with open_yard(valkey, database_url) as made:
        yield made


async def lose(*_: Any) -> None:
    raise StoreUnreachable("lost")


async def assert_on_sale(yard: Yard, units: int = GIVEN) -> None:
    """The units are in the sale, in both stores, and nothing is left to do."""
    assert await yard.stock() == UNITS - units
    assert await yard.in_store() == await yard.settled() == units
    assert {state for _, state in await yard.moves()} <= {"done", "undone"}
    assert await yard.seller() == yard.sale


@pytest.mark.parametrize("step", ["announce", "tell"])
async def test_an_opening_that_is_cut_off_at_the_announcement_is_finished(
    yard: Yard, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(open_sale, step, lose)
        assert await yard.open() == Pending()
    assert await yard.stock() == UNITS - GIVEN
    await yard.finish()
    await assert_on_sale(yard)


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_an_opening_that_is_cut_off_at_the_store_is_finished(yard: Yard, lost: Lost) -> None:
    yard.store.lost = ("open", lost)
    assert await yard.open() == Pending()
    yard.store.lost = None
    await yard.finish()
    await assert_on_sale(yard)


async def test_an_opening_that_was_settled_but_not_announced_is_announced(yard: Yard) -> None:
    await yard.open()
    await yard.drainer.drain()
    await yard.store.client.delete("flashsale:products")
    await yard.finish()
    await assert_on_sale(yard)


async def test_opening_again_after_a_crash_finishes_it_without_the_worker(yard: Yard) -> None:
    yard.store.lost = ("open", "before")
    await yard.open()
    yard.store.lost = None
    assert await yard.open() == Done()
    await yard.drainer.drain()
    await assert_on_sale(yard)


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("delta", [20, -20])
async def test_units_on_their_way_arrive_though_the_call_was_lost(
    yard: Yard, delta: int, lost: Lost
) -> None:
    await yard.open()
    yard.store.lost = ("adjust", lost)
    assert await yard.move(delta) == Pending()
    yard.store.lost = None
    await yard.finish()
    await assert_on_sale(yard, GIVEN + delta)
    assert await yard.finish() == 0


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_retry_with_the_same_key_finishes_the_same_move(yard: Yard, lost: Lost) -> None:
    await yard.open()
    yard.store.lost = ("adjust", lost)
    assert await yard.move(20, "k") == Pending()
    yard.store.lost = None
    assert await yard.move(20, "k") == Done()
    await yard.drainer.drain()
    assert await yard.move(20, "k") == Done()
    await assert_on_sale(yard, GIVEN + 20)


async def test_units_that_come_too_late_for_a_sale_go_back_to_the_product(yard: Yard) -> None:
    await yard.open()
    yard.store.lost = ("adjust", "before")
    await yard.move(20)
    yard.store.lost = None
    await close_lane(yard.store, lane_base(yard.sale, 0))
    await yard.finish()
    assert await yard.stock() == UNITS
    assert ("add", "undone") in await yard.moves()


async def test_what_the_store_refuses_is_undone_at_once(yard: Yard) -> None:
    await yard.open()
    assert await yard.move(-GIVEN - 1) == InUse(GIVEN)
    assert await yard.move(UNITS) == NotEnough(yard.product, UNITS - GIVEN)
    await yard.finish()
    await assert_on_sale(yard)
    assert [state for kind, state in await yard.moves() if kind == "take_back"] == ["undone"]


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_close_that_was_lost_can_be_asked_for_again(yard: Yard, lost: Lost) -> None:
    await yard.open()
    yard.store.lost = ("close", lost)
    assert await end_sale.close_sale(yard.store, yard.engine, yard.sale) == Pending()
    yard.store.lost = None
    assert await end_sale.close_sale(yard.store, yard.engine, yard.sale) == Done()
    await yard.drainer.drain()
    await yard.finish()
    assert (await yard.stock(), await yard.seller()) == (UNITS, None)
    assert await yard.open() == WrongState("closed")


async def test_a_sale_that_was_closed_but_is_still_announced_is_withdrawn(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await yard.open()
    with monkeypatch.context() as patched:
        patched.setattr(end_sale, "withdraw", lose)
        await end_sale.close_sale(yard.store, yard.engine, yard.sale)
    assert await yard.seller() == yard.sale
    await yard.drainer.drain()
    await yard.finish()
    assert (await yard.stock(), await yard.seller()) == (UNITS, None)


async def test_a_sale_whose_window_is_over_is_closed_by_itself_and_not_opened(yard: Yard) -> None:
    await yard.open()
    await yard.sql("UPDATE sales SET starts_at = now() - interval '1 hour', ends_at = now()")
    assert await end_sale.close_what_is_over(yard.store, yard.engine) == 1
    await yard.finish()
    assert await yard.stock() == UNITS
    await yard.sql("UPDATE sales SET state = 'draft'")
    assert await yard.open() == WrongState("over")


async def test_units_of_a_sale_of_many_lanes_are_shared_out_whole(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_yard(valkey, database_url, lanes=4) as yard:
        yard.store.lost = ("open", "after")
        await yard.open()
        yard.store.lost = None
        await yard.finish()
        shares = await yard.sql("SELECT units FROM lane_items ORDER BY lane")
        assert [units for (units,) in shares] == [8, 8, 7, 7]
        assert await yard.stock() == UNITS - GIVEN
        assert await end_sale.pause_sale(yard.store, yard.engine, yard.sale, "paused") == Done()
        await end_sale.close_sale(yard.store, yard.engine, yard.sale)
        await yard.finish()
        assert await yard.stock() == UNITS
