"""A webhook is kept before anything else, and has its effect sooner or later, once. R26"""

from typing import Any

import msgspec
import pytest

from lua import keys
from settlement.money import inbox, inbox_rows
from settlement.money.crons import MoneyCrons
from settlement.money.settings import MoneySettings
from settlement.providers.protocol import DisputeReport, Event, PaymentReport, Processing
from tests.settlement.jobs.listing import ListQueue
from tests.settlement.money.till import Till


async def states(till: Till) -> list[str]:
    rows = await till.shop.rows("SELECT state FROM webhook_inbox ORDER BY id")
    return [str(row["state"]) for row in rows]


def eager(till: Till, **settings: int) -> MoneyCrons:
    """Crons for which every kept webhook is old enough."""
    chosen = MoneySettings(webhook_retry_after_s=1, **settings)
    return MoneyCrons(msgspec.structs.replace(till.money, settings=chosen), ListQueue())


async def age(till: Till) -> None:
    await till.run_sql("UPDATE webhook_inbox SET received_at = now() - interval '1 minute'")


async def test_a_webhook_waits_in_the_inbox_while_the_store_is_closed(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    await till.shop.store.client.script_flush()
    (verdict,) = await till.tell(await till.news(payment))
    assert verdict.state == "received"
    assert await states(till) == ["received"]
    await till.shop.store.load()
    await age(till)
    assert await eager(till).handle_inbox() == 1
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await states(till) == ["handled"]
    assert await eager(till).handle_inbox() == 0


async def test_a_second_delivery_has_the_effect_that_the_first_had_not(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    event = await till.news(payment)
    await till.shop.store.client.script_flush()
    assert [one.state for one in await till.tell(event)] == ["received"]
    await till.shop.store.load()
    assert [one.state for one in await till.tell(event)] == ["handled"]
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    rows = await till.shop.rows("SELECT attempts FROM webhook_inbox")
    assert rows == [{"attempts": 2}]


async def test_a_webhook_that_never_can_be_handled_fails_in_the_end(till: Till) -> None:
    payment = await till.pay(await till.order())
    await till.complete(payment)
    await till.shop.store.client.script_flush()
    await till.tell(await till.news(payment))
    await age(till)
    await eager(till, webhook_attempts_max=2).handle_inbox()
    assert await states(till) == ["failed"]
    rows = await till.shop.rows("SELECT last_error, handled_at FROM webhook_inbox")
    assert "gate" in str(rows[0]["last_error"])


async def test_an_operator_can_have_it_handled_again(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    await till.tell(await till.news(payment))
    (row,) = await till.shop.rows("SELECT id FROM webhook_inbox")
    verdict = await inbox.handle_again(till.money, int(str(row["id"])))
    assert verdict is not None
    assert verdict.state == "handled"
    assert await inbox.handle_again(till.money, 0) is None
    await till.shop.drainer.drain()
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    assert await till.refunds() == []


async def test_a_burst_is_handled_in_one_batch_each_by_itself(till: Till) -> None:
    events = []
    for user in range(1, 9):
        payment = await till.pay(await till.order(user))
        if user % 4 == 0:
            await till.complete(payment, "failed")
        else:
            wrong: dict[str, Any] = {"captured_minor": 1} if user % 4 == 1 else {}
            await till.complete(payment, **wrong)
        events.append(await till.news(payment))
    foreign = Event("evt_f", "customer.created", {"id": "evt_f"}, None)
    broken = Event("evt_b", "payment.x", {"id": "evt_b"}, None, "not as documented")
    nobody = PaymentReport("pay_x", "00000000-0000-7000-8000-000000000000", None, Processing())
    unknown = Event("evt_u", "payment.processing", {"id": "evt_u"}, nobody)
    odd = Event(
        "evt_o", "payment.processing", {}, PaymentReport("p", "no uuid", None, Processing())
    )
    verdicts = await till.tell(*events, foreign, broken, unknown, odd, events[1])
    assert [one.outcome for one in verdicts[:8]] == [
        "refund mismatch", "confirmed", "confirmed", "declined",
    ] * 2  # fmt: skip
    tail = ["ignored", "failed", "failed", "failed", "handled"]
    assert [one.state for one in verdicts[8:]] == tail
    assert len(await states(till)) == 12


async def test_text_that_postgres_refuses_spoils_no_batch(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    nul = Event("evt\0", "x\0", {"a": "\0", "b": "\\u0000"}, None)
    verdicts = await till.tell(nul, await till.news(payment))
    assert [one.state for one in verdicts] == ["ignored", "handled"]
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])


async def test_a_dispute_is_recorded_and_shown_on_the_payment(till: Till) -> None:
    payment = await till.pay(await till.order())
    await till.complete(payment)
    await till.tell(await till.news(payment))

    def news(status: str, number: int, ref: str) -> Event:
        closed = status != "open"
        report = DisputeReport("dis_1", ref, status, "fraud", 1_000, closed, status == "won")
        return Event(f"evt_d{number}", f"dispute.{status}", {}, report)

    ref = str(payment.provider_ref)
    for number, (status, shown) in enumerate(
        [("open", "DISPUTED"), ("won", "SUCCEEDED"), ("open", "SUCCEEDED")]
    ):
        (verdict,) = await till.tell(news(status, number, ref))
        assert verdict.state == "handled"
        rows = await till.shop.rows("SELECT status FROM payments")
        assert rows == [{"status": shown}]
    (row,) = await till.shop.rows("SELECT status, closed_at FROM disputes")
    assert row["status"] == "won"
    (foreign,) = await till.tell(news("open", 9, "pay_of_another"))
    assert foreign.state == "ignored"


async def test_what_is_kept_is_scrubbed_and_can_be_read_again(till: Till) -> None:
    payment = await till.pay(await till.order())
    event = await till.news(payment)
    await till.tell(event)
    (row,) = await till.shop.rows("SELECT payload::text FROM webhook_inbox")
    payload = msgspec.json.decode(str(row["payload"]))
    assert till.provider.read_report(payload) == event.report


def test_only_uuids_are_looked_up() -> None:
    ours = "018f0000-0000-7000-8000-000000000000"
    assert inbox_rows.uuid_or_none(ours) == ours
    for text in (None, "", "x", "'; drop table payments"):
        assert inbox_rows.uuid_or_none(text) is None


@pytest.mark.parametrize("status", ["EXPIRED", "PAID", "CANCELLED", "PENDING"])
async def test_the_store_s_forgotten_orders_are_ruled_from_postgres(
    till: Till, status: str
) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment)
    await till.shop.drainer.drain()
    await till.shop.store.client.hdel(  # type: ignore[misc]
        keys.holds_key(till.shop.base, order), order
    )
    hold_state = "HELD" if status == "PENDING" else None
    await till.run_sql(
        "UPDATE orders SET status = $2, hold_state = $3 WHERE id = $1", order, status, hold_state
    )
    (verdict,) = await till.tell(await till.news(payment))
    expected = {
        "EXPIRED": ("handled", "retaken"),
        "PAID": ("handled", "refund duplicate"),
        "CANCELLED": ("handled", "refund cancelled"),
        "PENDING": ("received", f"the gate of {till.shop.base} is behind"),
    }
    assert (verdict.state, verdict.outcome) == expected[status]
