"""A refund is neither forgotten nor made twice, wherever the process dies. R28, B4"""

import asyncio
from typing import Any

import msgspec
import pytest

from migrations.engine import raw_connection
from settlement.money import refund_rows
from settlement.money.context import Money
from settlement.money.crons import MoneyCrons
from settlement.money.finish_refund import finish_refund
from settlement.money.inbox import receive
from settlement.money.send_refund import pause_s, send_refund
from settlement.money.settings import MoneySettings
from settlement.providers.protocol import Event
from settlement.providers.registry import Providers
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET
from tests.settlement.jobs.listing import ListQueue
from tests.settlement.money.crash import Dying, Forgetful, Killed
from tests.settlement.money.till import Till


async def duplicate(till: Till) -> str:
    """The id of a requested refund: two payments of one order were captured."""
    order = await till.order()
    first = await till.pay(order)
    await till.tell(await till.news(first, state="failed"))
    second = await till.pay(order)
    for payment in (second, first):
        await till.complete(payment)
        await till.tell(await till.news(payment))
    rows = await till.shop.rows("SELECT id::text FROM refunds")
    assert len(rows) == 1
    return str(rows[0]["id"])


def with_provider(till: Till, provider: Simulator) -> Money:
    return msgspec.structs.replace(till.money, providers=Providers({"simulator": provider}))


async def make_due(till: Till) -> None:
    """The time has come to look after the refund again."""
    await till.run_sql("UPDATE refunds SET next_attempt_at = now() WHERE status <> 'succeeded'")


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_the_call_neither_forgets_nor_repeats_it(till: Till, after: bool) -> None:
    refund = await duplicate(till)
    dying = Dying(till.simulator.url, SECRET, "/refunds", after=after)
    money = with_provider(till, dying)
    with pytest.raises(Killed):
        await send_refund(money, refund)
    assert await till.refunds() == [("duplicate", "sent")]
    assert await send_refund(money, refund) == "not due"
    await make_due(till)
    assert await send_refund(money, refund) == "succeeded"
    assert await till.books() == (2_000, 1_000)
    assert await send_refund(money, refund) == "not due"
    await dying.close()


async def test_a_death_after_the_intent_is_made_good(till: Till) -> None:
    refund = await duplicate(till)
    async with raw_connection(till.shop.engine) as connection:
        assert await refund_rows.claim(connection, refund, 30.0) is not None
    queue = ListQueue()
    crons = MoneyCrons(till.money, queue)
    assert await crons.requeue_refunds() == 0
    await make_due(till)
    assert await crons.requeue_refunds() == 1
    assert queue.ids == [f"send_refund:{refund}"]
    assert await send_refund(till.money, refund) == "succeeded"
    assert await till.books() == (2_000, 1_000)


async def test_a_death_before_the_result_is_made_good(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund = await duplicate(till)

    async def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("settlement.money.send_refund.finish_refund", die)
        with pytest.raises(Killed):
            await send_refund(till.money, refund)
    assert (await till.refunds(), (await till.books())[1]) == ([("duplicate", "sent")], 1_000)
    await make_due(till)
    assert await send_refund(till.money, refund) == "succeeded"
    assert await till.books() == (2_000, 1_000)


async def test_a_provider_that_forgets_keys_is_asked_what_it_did(till: Till) -> None:
    order = await till.order()
    payment = await till.pay(order)
    await till.complete(payment, captured_minor=2_000)
    await till.tell(await till.news(payment))
    forgetful = Forgetful(till.simulator.url, SECRET, timeout_s=1.0)
    money = with_provider(till, forgetful)
    (row,) = await till.shop.rows("SELECT id::text FROM refunds")
    assert await send_refund(money, str(row["id"])) == "waits"
    await make_due(till)
    assert await send_refund(money, str(row["id"])) == "succeeded"
    assert len((await till.simulator.ledger())["refunds"]) == 1
    await forgetful.close()


async def test_two_senders_at_once_send_it_once(till: Till) -> None:
    refund = await duplicate(till)
    outcomes = await asyncio.gather(*(send_refund(till.money, refund) for _ in range(5)))
    assert sorted(outcomes) == ["not due"] * 4 + ["succeeded"]
    assert len((await till.simulator.ledger())["refunds"]) == 1


async def test_an_answer_of_500_after_paying_is_tried_again_later(till: Till) -> None:
    refund = await duplicate(till)
    await till.simulator.set_faults(error_after=["refund"])
    assert await send_refund(till.money, refund) == "waits"
    rows = await till.shop.rows("SELECT attempts, last_error, status FROM refunds")
    assert (rows[0]["attempts"], rows[0]["status"]) == (1, "requested")
    assert "500" in str(rows[0]["last_error"])
    assert await send_refund(till.money, refund) == "not due"
    await make_due(till)
    assert await send_refund(till.money, refund) == "succeeded"
    assert await till.books() == (2_000, 1_000)


async def test_a_refund_that_takes_its_time_ends_by_webhook_or_by_asking(till: Till) -> None:
    for user, by_webhook in ((1, True), (2, False)):
        payment = await till.pay(await till.order(user))
        await till.complete(payment, captured_minor=999, refund_pending_ms=500)
        await till.tell(await till.news(payment))
        assert await till.send_refunds() == ["pending"]
        await asyncio.sleep(0.7)
        if by_webhook:
            path = f"/payments/{payment.provider_ref}/refunds"
            (told,) = (await till.simulator.http.get(path)).json()
            payload = {"id": f"evt_r{user}", "type": "refund.succeeded", "data": told}
            report = till.provider.read_report(payload)
            event = Event(payload["id"], payload["type"], payload, report)
            (verdict,) = await receive(till.money, [("simulator", event)])
            assert (verdict.state, verdict.outcome) == ("handled", "refund succeeded")
        else:
            await make_due(till)
            assert await till.send_refunds() == ["succeeded"]
    assert {status for _, status in await till.refunds()} == {"succeeded"}
    assert await till.books() == (1_998, 1_998)


async def test_a_refund_that_the_provider_refuses_fails_and_stays_visible(till: Till) -> None:
    payment = await till.pay(await till.order())
    await till.complete(payment, captured_minor=999, refund_pending_ms=500, refund_fails=True)
    await till.tell(await till.news(payment))
    assert await till.send_refunds() == ["pending"]
    await asyncio.sleep(0.7)
    await make_due(till)
    assert await till.send_refunds() == ["failed"]
    rows = await till.shop.rows("SELECT status, last_error, finished_at FROM refunds")
    assert (rows[0]["status"], rows[0]["last_error"]) == ("failed", "account_closed")
    assert rows[0]["finished_at"] is not None


async def test_finishing_twice_counts_once(till: Till) -> None:
    refund = await duplicate(till)
    assert await send_refund(till.money, refund) == "succeeded"
    async with raw_connection(till.shop.engine) as connection:
        assert await finish_refund(connection, refund, "again") is None
    rows = await till.shop.rows("SELECT refunded_minor FROM orders")
    assert rows == [{"refunded_minor": 0}]


def test_pauses_grow_and_stay_below_the_longest() -> None:
    settings = MoneySettings(refund_first_pause_s=1, refund_longest_pause_s=100)
    for attempts, low, high in ((1, 1, 1.5), (2, 2, 3), (5, 16, 24), (1_000, 100, 150)):
        assert low <= pause_s(settings, attempts) <= high
