"""The happy paths of the bindings without a server: fakeredis runs the Lua. No proof of more."""

import functools
from collections.abc import AsyncIterator

import fakeredis
import pytest

from lua import scripts
from lua.adjust import Adjusted, adjust
from lua.begin_payment import Paying, begin_payment
from lua.close import Closing, Ended, close_lane
from lua.confirm import Gone, confirm
from lua.decline import StillHeld, decline
from lua.expire import Expired, expire
from lua.forget import Forgotten, forget
from lua.gate import Absent, Gate, set_gate
from lua.hold import latest_orders, read_hold
from lua.open import Item, Opened, Terms, open_lane
from lua.outcomes import Already, Closed, Confirmed, Refund, Retaken
from lua.pause import Changed, pause
from lua.refuse import refuse
from lua.release import Released, release
from lua.reserve import Held, Replayed, SoldOut
from lua.restock import Restocked, restock
from lua.retake import retake
from lua.snapshot import snapshot
from lua.store import Store, UnknownAnswer, read_answer
from lua.sweep import Swept, sweep
from lua.trim import Trimmed, trim
from tests.lua.lanes import (
    BASE,
    PRICE_MINOR,
    PRODUCT,
    buy,
    held,
    late,
    lines_of,
    new_id,
    opened,
    paid,
)

GENERATION = 78
"""One of its own: the text of a script is kept by its generation."""


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """fakeredis takes a script's first line for Lua: it becomes a comment."""
    text = scripts.text
    plain = functools.cache(lambda name, generation: "--" + text(name, generation))
    monkeypatch.setattr(scripts, "text", plain)
    async with fakeredis.FakeAsyncRedis() as client:
        store = Store(client, GENERATION)
        await store.load()
        yield store


async def test_a_lane_opens_once_and_shows_itself(fake: Store) -> None:
    assert await snapshot(fake, BASE) is None
    assert await set_gate(fake, BASE, "open") == Absent()
    terms, items = Terms(0, 0, 60_000, "EUR", 100), [Item(PRODUCT, 5, PRICE_MINOR, 2)]
    assert await open_lane(fake, BASE, terms, items) == Opened(1)
    assert await open_lane(fake, BASE, terms, items) == Already()
    now = await snapshot(fake, BASE)
    assert now is not None
    assert (now.gate, now.state, now.seq, now.entries) == (f"open:{GENERATION}", "open", 1, 1)
    assert (now.hold_ttl_ms, now.currency, now.ceiling) == (60_000, "EUR", 100)
    item = now.items[PRODUCT]
    assert (item.price_minor, item.limit, item.units, item.available) == (PRICE_MINOR, 2, 5, 5)
    assert (item.held, item.sold, item.back) == (0, 0, 0)


async def test_an_order_is_held_replayed_and_sold_out(fake: Store) -> None:
    await opened(fake, units=2)
    order = new_id()
    assert isinstance(await buy(fake, 1, 2, key="k", order=order), Held)
    assert isinstance(await buy(fake, 1, 2, key="k"), Replayed)
    assert isinstance(await buy(fake, 2), SoldOut)
    hold = await read_hold(fake, BASE, order)
    assert hold is not None
    assert (hold.state, hold.user, hold.payment, hold.lines) == ("HELD", 1, "-", lines_of(2))
    assert hold.total_minor == 2 * PRICE_MINOR
    assert await latest_orders(fake, BASE, 1) == [order]
    assert await latest_orders(fake, BASE, 2) == []
    assert await read_hold(fake, BASE, new_id()) is None


async def test_a_payment_is_begun_declined_and_confirmed(fake: Store) -> None:
    await opened(fake)
    order, payment = await held(fake), new_id()
    begun = await begin_payment(fake, BASE, order, payment, 5_000)
    assert isinstance(begun, Paying)
    declined = await decline(fake, BASE, order, payment, "card_declined")
    assert declined == StillHeld(begun.deadline_ms)
    assert await confirm(fake, BASE, order, payment) == Confirmed()
    assert await confirm(fake, BASE, order, payment) == Confirmed()
    assert await confirm(fake, BASE, order, new_id()) == Refund("duplicate")


async def test_late_money_is_taken_or_goes_back(fake: Store) -> None:
    await opened(fake)
    order, payment = await held(fake), new_id()
    assert await release(fake, BASE, order, "EXPIRED", "deadline") == Released()
    assert await confirm(fake, BASE, order, payment) == Gone("EXPIRED")
    assert await retake(fake, BASE, late(order), payment) == Retaken()
    assert await refuse(fake, BASE, order, new_id(), "mismatch") == Refund("mismatch")


async def test_staff_adjust_pause_restock_and_close(fake: Store) -> None:
    await opened(fake, units=5)
    move = new_id()
    assert await adjust(fake, BASE, move, PRODUCT, 3) == Adjusted(8, 8)
    assert await adjust(fake, BASE, move, PRODUCT, 3) == Already()
    assert await pause(fake, BASE, "paused") == Changed("paused")
    assert await pause(fake, BASE, "open") == Changed("open")
    order, _ = await paid(fake)
    assert await restock(fake, BASE, new_id(), order, 1, lines_of()) == Restocked()
    open_order = await held(fake)
    assert await close_lane(fake, BASE) == Closing(1)
    await release(fake, BASE, open_order, "CANCELLED", "wish")
    assert await close_lane(fake, BASE) == Ended()
    assert await forget(fake, BASE) == Forgotten()
    assert await snapshot(fake, BASE) is None
    assert await fake.client.keys() == []


async def test_upkeep_expires_sweeps_and_trims(fake: Store) -> None:
    await opened(fake, ttl_ms=0)
    await held(fake)
    assert await expire(fake, BASE, 10, 60_000) == Expired(1, 0)
    assert await sweep(fake, BASE, 0, 10) == Swept(0, 1)
    assert await trim(fake, BASE, f"{GENERATION}-3", 1_000) == Trimmed(2)


async def test_a_closed_gate_and_an_unknown_generation_are_closed(fake: Store) -> None:
    await opened(fake)
    assert await set_gate(fake, BASE, "closed") == Gate(1)
    assert await buy(fake, 1) == Closed(f"closed:{GENERATION}")
    assert await buy(Store(fake.client, GENERATION + 1), 1) == Closed("noscript")


@pytest.mark.parametrize(
    "reply", [[b"new_word"], [b"gate"], [b"gate", 1, 2], [b"gate", b"x"], [b"closed"]]
)
def test_an_answer_that_the_binding_does_not_know_is_an_error(reply: list[object]) -> None:
    with pytest.raises(UnknownAnswer):
        read_answer("gate", reply, {"gate": Gate})
