"""A payment is opened once, may be tried again, and is ended before an order is. R24, R21, B4"""

import asyncio
from pathlib import Path

import msgspec
import pytest
import redis.asyncio

from lua.hold import read_hold
from settlement.money.begin_payment import Begun, Declined, NotPayable, Recovering, begin_payment
from settlement.money.settings import MoneySettings
from settlement.providers.errors import ProviderUnreachable
from settlement.providers.protocol import Created, NewPayment, Refused
from settlement.providers.registry import Providers
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET
from tests.settlement.money.crash import Dying, Killed
from tests.settlement.money.till import Till, open_till


class Other(Simulator):
    """A second provider, on the same simulator."""

    name = "stripe"


class Refusing(Simulator):
    """A provider that opens nothing."""

    async def create(self, payment: NewPayment) -> Created | Refused:
        return Refused("currency_not_supported", "not in this currency")


async def state_of(till: Till, order: str) -> tuple[str, str]:
    hold = await read_hold(till.shop.store, till.shop.base, order)
    assert hold is not None
    return hold.state, hold.payment


async def test_asking_twice_opens_one_payment(till: Till) -> None:
    order = await till.order()
    first = await till.pay(order)
    again = await begin_payment(till.money, order, till.provider)
    assert again == Begun(first, again=True)
    assert first.redirect_url
    assert await state_of(till, order) == ("PAYING", first.id)
    assert len((await till.simulator.ledger())["payments"]) == 1


async def test_asking_many_times_at_once_opens_one_payment(till: Till) -> None:
    order = await till.order()
    begun = await asyncio.gather(
        *(begin_payment(till.money, order, till.provider) for _ in range(8))
    )
    assert len({one.payment.id for one in begun if isinstance(one, Begun)}) == 1
    assert len((await till.simulator.ledger())["payments"]) == 1


async def test_an_answer_that_was_lost_after_opening_is_asked_for_again(till: Till) -> None:
    order = await till.order()
    await till.simulator.set_faults(error_after=["create"])
    with pytest.raises(ProviderUnreachable):
        await begin_payment(till.money, order, till.provider)
    assert await till.status_of(order) == ("PENDING", ["PENDING"])
    payment = await till.pay(order)
    assert payment.provider_ref
    assert len((await till.simulator.ledger())["payments"]) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_the_call_leaves_a_payment_that_goes_on(till: Till, after: bool) -> None:
    order = await till.order()
    dying = Dying(till.simulator.url, SECRET, "/payments", after=after)
    with pytest.raises(Killed):
        await begin_payment(till.money, order, dying)
    await dying.close()
    payment = await till.pay(order)
    await till.complete(payment)
    await till.tell(await till.news(payment))
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert len((await till.simulator.ledger())["payments"]) == 1


async def test_a_declined_payment_gives_the_hold_back_for_another_try(till: Till) -> None:
    order = await till.order()
    first = await till.pay(order)
    await till.complete(first, "failed")
    await till.tell(await till.news(first))
    assert await till.status_of(order) == ("PENDING", ["FAILED"])
    assert (await state_of(till, order))[0] == "HELD"
    second = await till.pay(order)
    assert second.id != first.id
    await till.complete(second)
    await till.tell(await till.news(second))
    assert await till.status_of(order) == ("PAID", ["FAILED", "SUCCEEDED"])


async def test_a_payment_that_failed_and_then_succeeds_pays_the_order(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment, "failed")
    await till.tell(await till.news(payment))
    await till.complete(payment)
    await till.tell(await till.news(payment))
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])


async def test_too_many_failed_payments_fail_the_order(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    settings = MoneySettings(payment_attempts_max=2)
    async with open_till(valkey, database_url, short_dir, settings=settings, units=1) as till:
        order = await till.order()
        for _ in range(2):
            payment = await till.pay(order)
            await till.complete(payment, "failed")
            event = await till.news(payment)
            await till.tell(event, await till.news(payment))
        assert await till.status_of(order) == ("FAILED", ["FAILED", "FAILED"])
        reasons = await till.shop.rows("SELECT failed_reason FROM orders")
        assert reasons == [{"failed_reason": "payments_failed"}]
        assert await till.shop.totals() == (1, 1, 0, 0)


async def test_another_provider_may_be_chosen_while_paying(till: Till) -> None:
    order = await till.order()
    first = await till.pay(order)
    other = Other(till.simulator.url, SECRET, timeout_s=1.0)
    providers = Providers({"simulator": till.provider, "stripe": other})
    money = msgspec.structs.replace(till.money, providers=providers)
    begun = await begin_payment(money, order, other)
    assert isinstance(begun, Begun)
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PENDING", ["CANCELLED", "PENDING"])
    assert await state_of(till, order) == ("PAYING", begun.payment.id)
    assert await till.simulator.complete(str(first.provider_ref)) == 409
    await other.close()


async def test_another_provider_is_refused_once_the_first_was_paid(till: Till) -> None:
    order = await till.order()
    first = await till.pay(order)
    await till.complete(first)
    other = Other(till.simulator.url, SECRET, timeout_s=1.0)
    providers = Providers({"simulator": till.provider, "stripe": other})
    money = msgspec.structs.replace(till.money, providers=providers)
    assert isinstance(await begin_payment(money, order, other), NotPayable)
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    await other.close()


async def test_a_provider_that_opens_nothing_keeps_no_hold(till: Till) -> None:
    order = await till.order()
    refusing = Refusing(till.simulator.url, SECRET, timeout_s=1.0)
    outcome = await begin_payment(till.money, order, refusing)
    assert outcome == Declined("not in this currency")
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PENDING", ["FAILED"])
    assert (await state_of(till, order))[0] == "HELD"
    await refusing.close()


async def test_nothing_is_opened_while_the_gate_is_closed(till: Till) -> None:
    order = await till.order()
    await till.shop.store.client.script_flush()
    assert await begin_payment(till.money, order, till.provider) == Recovering()
    assert (await till.simulator.ledger())["payments"] == []
    await till.shop.store.load()
    assert (await till.pay(order)).provider_ref
