"""The adapter of the simulated provider, against the simulator itself."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from settlement.providers import simulator_signature as signature
from settlement.providers.errors import InvalidSignature, ProviderUnreachable, UnreadableEvent
from settlement.providers.protocol import (
    Cancelled,
    Captured,
    Created,
    Failed,
    Missing,
    NewPayment,
    NewRefund,
    Open,
    PaymentReport,
    Processing,
    RefundReport,
    RefundSucceeded,
    Refused,
)
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET, Running, running_simulator

PAYMENT = NewPayment("p1", "o1", 1_000, "USD", "payment:p1", "https://shop.example/o1")


@pytest.fixture
async def running(short_dir: Path) -> AsyncIterator[Running]:
    async with running_simulator(short_dir) as found:
        yield found


@pytest.fixture
async def provider(running: Running) -> AsyncIterator[Simulator]:
    found = Simulator(running.url, SECRET, timeout_s=1.0)
    yield found
    await found.close()


async def opened(provider: Simulator) -> str:
    made = await provider.create(PAYMENT)
    assert isinstance(made, Created)
    return made.ref


def refund_of(ref: str, amount_minor: int = 1_000) -> NewRefund:
    return NewRefund("r1", ref, amount_minor, "USD", "refund:r1")


async def test_the_same_key_opens_one_payment(provider: Simulator) -> None:
    first, again = await provider.create(PAYMENT), await provider.create(PAYMENT)
    assert isinstance(first, Created)
    assert first == again
    assert first.redirect_url


async def test_every_state_is_reported(provider: Simulator, running: Running) -> None:
    ref = await opened(provider)
    assert await provider.probe(ref) == PaymentReport(ref, "p1", "o1", Open())
    await running.complete(ref, "failed")
    assert await provider.probe(ref) == PaymentReport(ref, "p1", "o1", Failed("card_declined"))
    await running.complete(ref, processing_ms=60_000)
    assert await provider.probe(ref) == PaymentReport(ref, "p1", "o1", Processing())
    assert await provider.cancel(ref) == PaymentReport(ref, "p1", "o1", Processing())
    assert await provider.probe("pay_nothing") == Missing()
    assert await provider.cancel("pay_nothing") == Missing()


async def test_cancelling_tells_what_was_in_the_way(provider: Simulator, running: Running) -> None:
    ref = await opened(provider)
    await running.complete(ref)
    assert await provider.cancel(ref) == PaymentReport(ref, "p1", "o1", Captured(1_000, "USD"))
    other = (await running.create())["id"]
    assert await provider.cancel(other) == PaymentReport(other, None, None, Cancelled())


async def test_a_refund_is_made_once_and_found_by_our_id(
    provider: Simulator, running: Running
) -> None:
    ref = await opened(provider)
    assert isinstance(await provider.refund(refund_of(ref)), Refused)
    await running.complete(ref)
    assert await provider.find_refund(refund_of(ref)) is None
    made = await provider.refund(refund_of(ref))
    assert isinstance(made, RefundReport)
    assert (made.refund_id, made.state) == ("r1", RefundSucceeded())
    assert await provider.refund(refund_of(ref)) == made
    assert await provider.find_refund(refund_of(ref)) == made
    assert (await running.ledger())["totals"]["refunded_minor"] == 1_000


async def test_captures_are_listed_from_a_moment_on(provider: Simulator, running: Running) -> None:
    ref = await opened(provider)
    await opened(provider)
    await running.complete(ref)
    now = datetime.now(UTC)
    found = await provider.captured_since(now - timedelta(minutes=1))
    assert list(found) == [PaymentReport(ref, "p1", "o1", Captured(1_000, "USD"))]
    assert list(await provider.captured_since(now + timedelta(minutes=1))) == []


async def test_a_lost_answer_and_a_late_one_are_unreachable(
    provider: Simulator, running: Running
) -> None:
    await running.set_faults(error_after=["create"])
    with pytest.raises(ProviderUnreachable):
        await provider.create(PAYMENT)
    assert isinstance(await provider.create(PAYMENT), Created)
    await running.set_faults(hang=["create"], hang_ms=3_000)
    with pytest.raises(ProviderUnreachable):
        await provider.create(NewPayment("p2", "o2", 1_000, "USD", "payment:p2"))
    nobody = Simulator("http://127.0.0.1:9", SECRET, timeout_s=0.5)
    with pytest.raises(ProviderUnreachable):
        await nobody.probe("pay_1")
    await nobody.close()


async def test_a_webhook_is_read_and_scrubbed(provider: Simulator, running: Running) -> None:
    payment = await running.create(metadata={"payment_id": "p1", "order_id": "o1"})
    told = payment | {"state": "succeeded", "captured_minor": 1_000, "card": {"number": "4242"}}
    body = json.dumps({"id": "evt_1", "type": "payment.succeeded", "data": told}).encode()
    headers = {signature.HEADER: signature.sign(SECRET, body, int(time.time()))}
    event = provider.read_webhook(body, headers)
    assert event.report == PaymentReport(payment["id"], "p1", "o1", Captured(1_000, "USD"))
    assert "4242" not in json.dumps(event.payload)
    assert provider.read_report(event.payload) == event.report
    with pytest.raises(InvalidSignature):
        provider.read_webhook(body + b" ", headers)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"id": 1, "type": "x"}', b'{"id": "", "type": ""}']
)
async def test_a_signed_body_that_is_no_event_is_refused(provider: Simulator, body: bytes) -> None:
    headers = {signature.HEADER: signature.sign(SECRET, body, int(time.time()))}
    with pytest.raises(UnreadableEvent):
        provider.read_webhook(body, headers)


async def test_a_signed_event_that_is_not_as_documented_is_kept(provider: Simulator) -> None:
    body = b'{"id": "evt_1", "type": "payment.succeeded", "data": {"id": 7}}'
    headers = {signature.HEADER: signature.sign(SECRET, body, int(time.time()))}
    event = provider.read_webhook(body, headers)
    assert event.report is None
    assert event.unreadable


async def test_an_event_that_is_not_ours_reports_nothing(provider: Simulator) -> None:
    body = b'{"id": "evt_1", "type": "customer.created", "data": {}}'
    headers = {signature.HEADER: signature.sign(SECRET, body, int(time.time()))}
    event = provider.read_webhook(body, headers)
    assert (event.report, event.unreadable) == (None, None)
