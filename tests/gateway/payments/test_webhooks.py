"""Webhooks: signed, durable before the 200, harmless twice, cheap in a burst. R26"""

import asyncio
import time
from collections.abc import Callable

import asyncpg
import msgspec
import pytest

from gateway.payments.webhook_batches import TooManyWaiting, WebhookBatches
from settlement.money.inbox import Verdict
from settlement.providers import simulator_signature as signature
from settlement.providers.protocol import Event
from tests.flashsale.simulator.running import SECRET
from tests.gateway.conftest import client_of
from tests.gateway.payments.desk import Desk

HANDLED = Verdict("handled", "confirmed")
IGNORED = msgspec.json.encode({"id": "evt_1", "type": "customer.created", "data": {}})


async def inbox(desk: Desk) -> list[tuple[str, str]]:
    rows = await desk.shop.rows("SELECT event_id, state FROM webhook_inbox ORDER BY id")
    return [(str(row["event_id"]), str(row["state"])) for row in rows]


async def test_the_order_is_paid_when_the_provider_has_its_200(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    payment = (await desk.pay(buyer, order)).json()
    await desk.simulator.complete(payment["provider_ref"], drop=True)
    answer = await desk.tell(payment["provider_ref"], "evt_paid")
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert answer.headers["request-id"]
    assert answer.headers["content-length"]
    shown = await desk.http.get(f"/orders/{order}", headers=buyer.headers)
    assert shown.json()["status"] == "PAID"
    assert await inbox(desk) == [("evt_paid", "handled")]


async def test_events_that_come_twice_or_do_not_concern_us_are_received(desk: Desk) -> None:
    for _ in range(2):
        answer = await desk.deliver(IGNORED)
        assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert await inbox(desk) == [("evt_1", "ignored")]


@pytest.mark.parametrize(
    "header_at",
    [
        lambda _: "",
        lambda _: "t=1,v1=00",
        lambda now: signature.sign("another-secret", IGNORED, now),
        lambda now: signature.sign(SECRET, IGNORED, now - 400),
        lambda now: signature.sign(SECRET, IGNORED, now + 400),
        lambda now: signature.sign(SECRET, IGNORED + b" ", now),
    ],
)
async def test_what_is_not_from_the_provider_or_not_from_now_is_refused(
    desk: Desk, header_at: Callable[[int], str]
) -> None:
    header = header_at(int(time.time()))
    answer = await desk.http.post(
        "/webhooks/simulator", content=IGNORED, headers={signature.HEADER: header}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert answer.headers["content-type"] == "application/problem+json"
    assert await inbox(desk) == []


async def test_a_provider_without_a_secret_has_no_webhooks(desk: Desk) -> None:
    for provider in ("stripe", "razorpay", "nobody"):
        answer = await desk.http.post(f"/webhooks/{provider}", content=IGNORED)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await desk.http.get("/webhooks/simulator")).status_code in {404, 405}


async def test_a_body_above_the_limit_is_refused(desk: Desk) -> None:
    filler = {"id": "evt_1", "type": "x.y", "data": {"a": "x" * 200_000}}
    assert (await desk.deliver(msgspec.json.encode(filler))).status_code == 200
    async with client_of(desk.app) as unbuffered:
        answer = await unbuffered.post("/webhooks/simulator", content=b"x" * 262_145)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_signed_body_that_is_no_event_is_refused(desk: Desk) -> None:
    for body in (b"", b"[]", b"{", b'{"id": 7}'):
        answer = await desk.deliver(body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_while_the_store_recovers_the_event_is_kept_and_sent_again(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    payment = (await desk.pay(buyer, order)).json()
    await desk.simulator.complete(payment["provider_ref"], drop=True)
    await desk.shop.store.client.script_flush()
    answer = await desk.tell(payment["provider_ref"], "evt_1")
    assert (answer.status_code, answer.json()["code"]) == (503, "recovering")
    assert answer.headers["retry-after"]
    assert await inbox(desk) == [("evt_1", "received")]
    await desk.shop.store.load()
    assert (await desk.tell(payment["provider_ref"], "evt_1")).status_code == 200
    assert await inbox(desk) == [("evt_1", "handled")]


async def test_while_postgres_is_away_the_provider_is_asked_to_send_it_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("settlement.money.inbox.raw_connection", away)
        answer = await desk.deliver(IGNORED)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await desk.deliver(IGNORED)).status_code == 200


async def test_a_burst_is_handled_in_few_batches_and_each_has_its_effect(desk: Desk) -> None:
    buyers = [await desk.people.customer() for _ in range(9)]
    orders = [await desk.order(buyer) for buyer in buyers]
    refs = []
    for buyer, order in zip(buyers, orders, strict=True):
        payment = (await desk.pay(buyer, order)).json()
        await desk.simulator.complete(payment["provider_ref"], drop=True)
        refs.append(payment["provider_ref"])
    answers = await asyncio.gather(*(desk.tell(ref) for ref in refs * 3))
    assert {answer.status_code for answer in answers} == {200}
    await desk.shop.drainer.drain()
    rows = await desk.shop.rows("SELECT count(*) AS n FROM orders WHERE status = 'PAID'")
    assert rows == [{"n": 9}]
    assert await desk.shop.rows("SELECT 1 FROM refunds") == []
    metrics = (await desk.http.get("/metrics")).text
    assert 'flashsale_webhooks_total{outcome="handled",provider="simulator"} 27.0' in metrics


async def test_webhooks_of_one_moment_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    async def receive(_: object, deliveries: list[object]) -> list[Verdict]:
        batches.append(len(deliveries))
        await asyncio.sleep(0)
        return [HANDLED] * len(deliveries)

    monkeypatch.setattr("gateway.payments.webhook_batches.inbox.receive", receive)
    waiting = WebhookBatches(None)  # type: ignore[arg-type]
    event = Event("e", "t", {}, None)
    done = [waiting.add("simulator", event) for _ in range(300)]
    assert set(await asyncio.gather(*done)) == {HANDLED}
    assert batches == [128, 128, 44]
    await waiting.close()


async def test_one_event_that_postgres_refuses_keeps_no_other_from_being_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def receive(_: object, deliveries: list[tuple[str, Event]]) -> list[Verdict]:
        if any(event.id == "bad" for _, event in deliveries):
            raise asyncpg.DataError("invalid text")
        return [HANDLED] * len(deliveries)

    monkeypatch.setattr("gateway.payments.webhook_batches.inbox.receive", receive)
    waiting = WebhookBatches(None)  # type: ignore[arg-type]
    done = [waiting.add("simulator", Event(one, "t", {}, None)) for one in ("a", "bad", "b")]
    first, bad, last = await asyncio.gather(*done, return_exceptions=True)
    assert (first, last) == (HANDLED, HANDLED)
    assert isinstance(bad, asyncpg.DataError)


async def test_more_than_can_wait_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.payments.webhook_batches.WAITING_MAX", 1)
    waiting = WebhookBatches(None)  # type: ignore[arg-type]
    waiting.add("simulator", Event("e", "t", {}, None)).cancel()
    with pytest.raises(TooManyWaiting):
        waiting.add("simulator", Event("e", "t", {}, None))


async def test_every_webhook_is_in_the_document(desk: Desk) -> None:
    paths = (await desk.http.get("/docs/openapi.json")).json()["paths"]
    for provider in ("simulator", "stripe", "razorpay"):
        assert "200" in paths[f"/webhooks/{provider}"]["post"]["responses"]
