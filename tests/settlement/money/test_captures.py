"""Captured money ends in a paid order or goes back in full, whatever comes when. R26, B4"""

import asyncio
from pathlib import Path

import redis.asyncio

from lua import release
from settlement.money.begin_payment import NotPayable, begin_payment
from tests.settlement.money.till import TTL_MS, Till, open_till


async def test_a_webhook_pays_the_order(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    assert await till.status_of(order) == ("PENDING", ["PENDING"])
    await till.complete(payment)
    verdicts = await till.tell(await till.news(payment))
    assert [(one.state, one.outcome) for one in verdicts] == [("handled", "confirmed")]
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await till.shop.totals() == (10, 9, 0, 1)
    assert await till.refunds() == []


async def test_the_same_webhook_twice_and_another_of_the_same_capture_change_nothing(
    till: Till,
) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    event = await till.news(payment)
    for batch in ([event, event], [event], [await till.news(payment)]):
        assert {one.state for one in await till.tell(*batch)} == {"handled"}
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await till.refunds() == []
    inbox = await till.shop.rows("SELECT state, attempts FROM webhook_inbox ORDER BY id")
    assert [row["state"] for row in inbox] == ["handled", "handled"]


async def test_a_webhook_before_the_answer_of_the_provider_finds_the_payment_by_our_id(
    till: Till,
) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.run_sql("UPDATE payments SET provider_ref = NULL WHERE id = $1", payment.id)
    await till.complete(payment)
    await till.tell(await till.news(payment))
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    rows = await till.shop.rows("SELECT provider_ref FROM payments")
    assert rows == [{"provider_ref": payment.provider_ref}]


async def test_news_in_the_wrong_order_leave_the_order_paid(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    processing = await till.news(payment, state="processing")
    failed = await till.news(payment, state="failed", failure="card_declined")
    await till.complete(payment)
    await till.tell(await till.news(payment), processing)
    await till.tell(failed)
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await till.refunds() == []


async def test_a_second_capture_for_one_order_goes_back(till: Till) -> None:
    order = await till.order()
    first = await till.pay(order)
    await till.tell(await till.news(first, state="failed"))
    second = await till.pay(order)
    await till.complete(second)
    await till.complete(first)
    await till.tell(await till.news(second), await till.news(first))
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED", "SUCCEEDED"])
    assert await till.refunds() == [("duplicate", "requested")]
    assert await till.send_refunds() == ["succeeded"]
    assert await till.status_of(order) == ("PAID", ["REFUNDED", "SUCCEEDED"])
    assert await till.books() == (2_000, 1_000)


async def test_late_money_takes_its_units_again(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir, units=2, hold_ttl_ms=TTL_MS) as till:
        order = await till.order()
        payment = await till.pay(order)
        await till.complete(payment)
        await over(till)
        assert await till.status_of(order) == ("EXPIRED", ["PENDING"])
        assert [one.outcome for one in await till.tell(await till.news(payment))] == ["retaken"]
        assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
        assert await till.shop.totals() == (2, 1, 0, 1)


async def test_late_money_without_units_goes_back_once_and_for_good(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir, units=1, hold_ttl_ms=TTL_MS) as till:
        late = await till.order(1)
        payment = await till.pay(late)
        await till.complete(payment)
        await over(till)
        other = await till.order(2)
        assert [one.outcome for one in await till.tell(await till.news(payment))] == ["refund late"]
        await over(till)
        assert await till.status_of(other) == ("EXPIRED", [])
        # The unit is free again, and the verdict stands all the same.
        assert [one.outcome for one in await till.tell(await till.news(payment))] == ["nothing"]
        assert await till.send_refunds() == ["succeeded"]
        assert await till.status_of(late) == ("REFUNDED", ["REFUNDED"])
        rows = await till.shop.rows("SELECT refunded_minor FROM orders WHERE id = $1", late)
        assert rows == [{"refunded_minor": 1_000}]
        assert await till.books() == (1_000, 1_000)
        assert await till.shop.totals() == (1, 1, 0, 0)


async def test_money_for_a_cancelled_order_goes_back(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment, "failed")
    await till.tell(await till.news(payment))
    cancelled = await release.release(
        till.shop.store, till.shop.base, order, "CANCELLED", "buyer", user=1
    )
    assert isinstance(cancelled, release.Released)
    await till.complete(payment)
    assert [o.outcome for o in await till.tell(await till.news(payment))] == ["refund cancelled"]
    assert await till.status_of(order) == ("CANCELLED", ["SUCCEEDED"])
    assert await till.send_refunds() == ["succeeded"]
    assert await till.status_of(order) == ("REFUNDED", ["REFUNDED"])
    assert await till.books() == (1_000, 1_000)


async def test_another_amount_than_was_due_goes_back_as_it_came(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment, captured_minor=999)
    assert [o.outcome for o in await till.tell(await till.news(payment))] == ["refund mismatch"]
    assert await till.status_of(order) == ("PENDING", ["SUCCEEDED"])
    assert await till.send_refunds() == ["succeeded"]
    assert await till.status_of(order) == ("PENDING", ["REFUNDED"])
    assert await till.books() == (999, 999)
    amounts = await till.shop.rows("SELECT amount_minor, cause FROM refunds")
    assert amounts == [{"amount_minor": 999, "cause": "mismatch"}]


async def test_another_currency_or_another_order_is_a_mismatch(till: Till) -> None:
    for user, changed in (
        (1, {"currency": "EUR"}),
        (2, {"metadata": {"order_id": "00000000-0000-7000-8000-000000000000"}}),
    ):
        payment = await till.pay(await till.order(user))
        await till.complete(payment)
        verdicts = await till.tell(await till.news(payment, **changed))
        assert [one.outcome for one in verdicts] == ["refund mismatch"]


async def test_money_of_a_payment_that_was_opened_twice_goes_back(till: Till) -> None:
    """The provider forgot our key, and both of its payments were paid."""
    order = await till.order()
    payment = await till.pay(order)
    made = await till.simulator.create(
        metadata={"payment_id": payment.id, "order_id": order}, amount_minor=1_000
    )
    await till.complete(payment)
    await till.simulator.complete(made["id"])
    told = (await till.simulator.http.get(f"/payments/{made['id']}")).json()
    stray = await till.news(payment, **told)
    for _ in range(2):
        await till.tell(await till.news(payment), stray)
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED", "SUCCEEDED"])
    assert await till.refunds() == [("duplicate", "requested")]
    await till.send_refunds()
    assert await till.books() == (2_000, 1_000)
    ledger = await till.simulator.ledger()
    assert [one["payment"] for one in ledger["refunds"]] == [made["id"]]


async def test_a_paid_order_takes_no_other_payment(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    await till.tell(await till.news(payment))
    assert isinstance(await begin_payment(till.money, order, till.provider), NotPayable)


async def over(till: Till) -> None:
    """The deadline passes, and the grace too."""
    await asyncio.sleep(TTL_MS / 1000 + 0.05)
    await till.expire()
    await asyncio.sleep(0.01)
    await till.expire()
