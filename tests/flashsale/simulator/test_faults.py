"""On request, everything goes wrong that goes wrong with real providers."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from tests.flashsale.simulator.receiver import Receiver
from tests.flashsale.simulator.running import running_simulator, serving


async def test_webhooks_are_signed_and_tell_of_the_payment(short_dir: Path) -> None:
    receiver = Receiver()
    async with (
        serving(receiver) as url,
        running_simulator(short_dir, f"{url}/webhooks/simulator") as simulator,
    ):
        made = await simulator.create(metadata={"order_id": "o1", "payment_id": "p1"})
        await simulator.complete(made["id"])
        assert await receiver.wait_for(1) == ["payment.succeeded"]
    told = receiver.events[0]["data"]
    assert receiver.path == "/webhooks/simulator"
    assert (told["id"], told["captured_minor"]) == (made["id"], 1_000)
    assert told["metadata"] == {"order_id": "o1", "payment_id": "p1"}
    assert "faults" not in told


async def test_a_webhook_that_is_refused_comes_again_later_each_time(short_dir: Path) -> None:
    receiver = Receiver(503, 500)
    async with serving(receiver) as url, running_simulator(short_dir, url) as simulator:
        await simulator.complete((await simulator.create())["id"])
        await receiver.wait_for(1)
    first, second, third = receiver.times
    assert third - second > second - first > 0.15


async def test_a_webhook_that_nobody_took_comes_after_a_restart(short_dir: Path) -> None:
    async with running_simulator(short_dir, "http://127.0.0.1:9/") as simulator:
        await simulator.complete((await simulator.create())["id"])
    receiver = Receiver()
    async with serving(receiver) as url, running_simulator(short_dir, url):
        assert await receiver.wait_for(1) == ["payment.succeeded"]


async def test_webhooks_are_repeated_delayed_reordered_and_dropped(short_dir: Path) -> None:
    receiver = Receiver()
    async with serving(receiver) as url, running_simulator(short_dir, url) as simulator:
        await simulator.complete((await simulator.create())["id"], drop=True)
        await simulator.complete((await simulator.create())["id"], repeat=2)
        await receiver.wait_for(3)
        assert len({event["id"] for event in receiver.events}) == 1
        began_s = time.monotonic()
        await simulator.complete((await simulator.create())["id"], delay_ms=200)
        await receiver.wait_for(4)
        assert receiver.times[-1] - began_s >= 0.2
        await simulator.complete((await simulator.create())["id"], reorder=True)
        assert (await receiver.wait_for(6))[4:] == ["payment.succeeded", "payment.processing"]


async def test_it_answers_500_after_charging_once(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        made = await simulator.create()
        assert await simulator.complete(made["id"], error_after=["complete", "refund"]) == 500
        assert (await simulator.ledger())["totals"]["captured"] == 1
        path, key = f"/payments/{made['id']}/refunds", {"idempotency-key": "r1"}
        for status in (500, 201):
            answer = await simulator.http.post(path, json={"amount_minor": 1_000}, headers=key)
            assert answer.status_code == status
        assert (await simulator.ledger())["totals"]["refunded_minor"] == 1_000


async def test_it_answers_500_without_doing_anything(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        made = await simulator.create()
        assert await simulator.complete(made["id"], error_before=["complete"]) == 500
        assert (await simulator.ledger())["totals"]["captured"] == 0


async def test_it_hangs(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        made = await simulator.create()
        with pytest.raises(httpx.ReadTimeout):
            await simulator.http.post(
                f"/pay/{made['id']}/complete",
                json={"outcome": "succeeded", "faults": {"hang": ["complete"], "hang_ms": 500}},
                timeout=0.1,
            )
        assert (await simulator.ledger())["totals"]["captured"] == 1


async def test_it_declines_for_a_share_of_the_orders(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        await simulator.set_faults(decline=True, share=0.5)
        for number in range(40):
            made = await simulator.create(metadata={"order_id": f"order-{number}"})
            await simulator.complete(made["id"])
        assert 5 < (await simulator.ledger())["totals"]["captured"] < 35


async def test_another_amount_is_captured_and_a_capture_takes_its_time(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        made = await simulator.create()
        await simulator.complete(made["id"], captured_minor=1, processing_ms=1_000)
        payment = (await simulator.http.get(f"/payments/{made['id']}")).json()
        assert payment["state"] == "processing"
        async with asyncio.timeout(5):
            while payment["state"] == "processing":
                await asyncio.sleep(0.05)
                payment = (await simulator.http.get(f"/payments/{made['id']}")).json()
        assert (payment["state"], payment["captured_minor"]) == ("succeeded", 1)


async def test_a_refund_may_take_its_time_and_fail(short_dir: Path) -> None:
    receiver = Receiver()
    async with serving(receiver) as url, running_simulator(short_dir, url) as simulator:
        made = await simulator.create()
        await simulator.complete(made["id"], refund_pending_ms=500, refund_fails=True)
        path = f"/payments/{made['id']}/refunds"
        asked = await simulator.http.post(path, json={"amount_minor": 1_000})
        assert asked.json()["state"] == "pending"
        assert await receiver.wait_for(2) == ["payment.succeeded", "refund.failed"]
        assert (await simulator.ledger())["totals"]["refunded_minor"] == 0
