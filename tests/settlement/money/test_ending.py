"""A payment is ended at its provider before its order; hanging ones are asked about. R27, B4"""

import asyncio
from pathlib import Path

import msgspec
import pytest
import redis.asyncio

from lua.hold import read_hold
from settlement.money import cancel_order as cancelling
from settlement.money.begin_payment import begin_payment
from settlement.money.cancel_expiring import cancel_expiring
from settlement.money.cancel_order import cancel_order
from settlement.money.crons import MoneyCrons
from settlement.money.probe_payment import probe_payment
from settlement.money.take_reports import Taken
from settlement.providers.errors import ProviderUnreachable
from settlement.providers.registry import Providers
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET
from tests.settlement.jobs.listing import ListQueue
from tests.settlement.money.till import TTL_MS, Till, open_till


async def state_of(till: Till, order: str) -> tuple[str, str]:
    hold = await read_hold(till.shop.store, till.shop.base, order)
    assert hold is not None
    return hold.state, hold.payment


async def test_a_buyer_who_cancels_while_paying_cancels_at_the_provider_first(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    assert await cancel_order(till.money, order, payment.id) == cancelling.Cancelled()
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("CANCELLED", ["CANCELLED"])
    assert await till.shop.totals() == (10, 10, 0, 0)
    assert await till.simulator.complete(str(payment.provider_ref)) == 409
    assert await cancel_order(till.money, order, payment.id) == cancelling.Cancelled()


async def test_a_buyer_who_has_paid_cannot_cancel(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    outcome = await cancel_order(till.money, order, payment.id)
    assert isinstance(outcome, cancelling.NotCancellable)
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])


async def test_nothing_is_cancelled_while_the_provider_does_not_answer(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    nobody = Simulator("http://127.0.0.1:9", SECRET, timeout_s=0.5)
    money = msgspec.structs.replace(till.money, providers=Providers({"simulator": nobody}))
    with pytest.raises(ProviderUnreachable):
        await cancel_order(money, order, payment.id)
    assert await state_of(till, order) == ("PAYING", payment.id)
    assert await cancel_order(till.money, order, payment.id) == cancelling.Cancelled()
    await nobody.close()


@pytest.mark.parametrize("paid", [False, True])
async def test_an_expiring_order_is_ended_as_its_payment_is(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path, paid: bool
) -> None:
    async with open_till(valkey, database_url, short_dir, units=1, hold_ttl_ms=TTL_MS) as till:
        order = await till.order()
        payment = await till.pay(order)
        if paid:
            await till.complete(payment)
        await asyncio.sleep(TTL_MS / 1000 + 0.05)
        await till.shop.store.run("expire", till.shop.base, 100, 60_000)
        await till.shop.drainer.drain()
        queue = ListQueue()
        assert await MoneyCrons(till.money, queue).requeue_expiring() == 1
        assert queue.ids == [f"cancel_expiring:{order}:{payment.id}"]
        outcome = await cancel_expiring(till.money, *queue.jobs[0].arguments)
        await till.shop.drainer.drain()
        assert outcome == ("confirmed" if paid else "expired")
        ended = ("PAID", ["SUCCEEDED"]) if paid else ("EXPIRED", ["CANCELLED"])
        assert await till.status_of(order) == ended
        assert await till.shop.totals() == ((1, 0, 0, 1) if paid else (1, 1, 0, 0))
        assert await MoneyCrons(till.money, ListQueue()).requeue_expiring() == 0


async def test_an_expiring_order_whose_opening_was_lost_is_cancelled_there_too(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir, units=1, hold_ttl_ms=TTL_MS) as till:
        order = await till.order()
        await till.simulator.set_faults(error_after=["create"])
        with pytest.raises(ProviderUnreachable):
            await begin_payment(till.money, order, till.provider)
        await asyncio.sleep(TTL_MS / 1000 + 0.05)
        await till.shop.store.run("expire", till.shop.base, 100, 60_000)
        await till.shop.drainer.drain()
        (row,) = await till.shop.rows("SELECT id::text FROM payments")
        assert await cancel_expiring(till.money, order, str(row["id"])) == "expired"
        (payment,) = (await till.simulator.ledger())["payments"]
        assert payment["state"] == "cancelled"


async def test_a_webhook_that_never_comes_is_made_good_by_asking(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    queue = ListQueue()
    crons = MoneyCrons(till.money, queue)
    assert await crons.probe_stale() == 0
    await till.run_sql("UPDATE payments SET updated_at = now() - interval '1 hour'")
    assert await crons.probe_stale() == 1
    assert queue.ids == [f"probe_payment:{payment.id}"]
    result = await probe_payment(till.money, payment.id)
    assert isinstance(result, Taken)
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await crons.probe_stale() == 0


async def test_a_payment_that_is_open_after_its_order_s_end_is_cancelled(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir, units=1, hold_ttl_ms=TTL_MS) as till:
        order = await till.order()
        payment = await till.pay(order)
        for _ in range(2):
            await asyncio.sleep(TTL_MS / 1000 + 0.05)
            await till.expire()
        assert await till.status_of(order) == ("EXPIRED", ["PENDING"])
        await probe_payment(till.money, payment.id)
        assert await till.status_of(order) == ("EXPIRED", ["CANCELLED"])
        assert await till.simulator.complete(str(payment.provider_ref)) == 409


async def test_money_for_a_payment_believed_failed_is_found_by_reconciling(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment, "failed")
    await till.tell(await till.news(payment))
    await till.complete(payment)
    crons = MoneyCrons(till.money, ListQueue())
    assert await crons.reconcile() == 1
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await crons.reconcile() == 0


async def test_reconciling_waits_for_a_provider_that_does_not_answer(till: Till) -> None:
    nobody = Simulator("http://127.0.0.1:9", SECRET, timeout_s=0.5)
    money = msgspec.structs.replace(till.money, providers=Providers({"simulator": nobody}))
    assert await MoneyCrons(money, ListQueue()).reconcile() == 0
    await nobody.close()
