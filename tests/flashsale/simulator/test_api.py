"""The simulated provider behaves as real ones do: keys, states, refunds, its ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flashsale.simulator.running import Running, running_simulator


@pytest.fixture
async def simulator(short_dir: Path) -> AsyncIterator[Running]:
    async with running_simulator(short_dir) as running:
        yield running


async def test_a_key_makes_one_payment_and_other_parameters_are_refused(simulator: Running) -> None:
    first = await simulator.create("k1", metadata={"order_id": "o1"})
    assert await simulator.create("k1", metadata={"order_id": "o1"}) == first
    asked = {"amount_minor": 2_000, "currency": "USD"}
    other = await simulator.http.post("/payments", json=asked, headers={"idempotency-key": "k1"})
    assert other.status_code == 422
    assert (await simulator.ledger())["totals"]["payments"] == 1


async def test_a_paid_payment_cannot_be_cancelled_and_a_cancelled_one_not_paid(
    simulator: Running,
) -> None:
    paid, cancelled = await simulator.create(), await simulator.create()
    assert await simulator.complete(paid["id"]) == 200
    assert (await simulator.http.post(f"/payments/{paid['id']}/cancel")).status_code == 409
    for _ in range(2):
        answer = await simulator.http.post(f"/payments/{cancelled['id']}/cancel")
        assert answer.json()["state"] == "cancelled"
    assert await simulator.complete(cancelled["id"]) == 409
    assert (await simulator.ledger())["totals"]["captured"] == 1


async def test_completing_twice_captures_once(simulator: Running) -> None:
    made = await simulator.create()
    assert [await simulator.complete(made["id"]) for _ in range(2)] == [200, 200]
    assert (await simulator.ledger())["totals"]["captured_minor"] == 1_000


async def test_a_declined_payment_can_still_be_paid(simulator: Running) -> None:
    made = await simulator.create()
    await simulator.complete(made["id"], "failed")
    assert (await simulator.http.get(f"/payments/{made['id']}")).json()["state"] == "failed"
    await simulator.complete(made["id"])
    assert (await simulator.http.get(f"/payments/{made['id']}")).json()["state"] == "succeeded"


async def test_refunds_never_exceed_what_was_captured(simulator: Running) -> None:
    made = await simulator.create()
    path = f"/payments/{made['id']}/refunds"

    async def refund(key: str, amount_minor: int) -> int:
        headers = {"idempotency-key": key}
        asked = {"amount_minor": amount_minor}
        return (await simulator.http.post(path, json=asked, headers=headers)).status_code

    assert await refund("early", 1) == 409
    await simulator.complete(made["id"])
    assert await refund("a", 600) == 201
    assert await refund("a", 600) == 201
    assert await refund("b", 600) == 409
    assert await refund("c", 400) == 201
    assert await refund("d", 1) == 409
    assert (await simulator.ledger())["totals"]["refunded_minor"] == 1_000
    assert len((await simulator.http.get(path)).json()) == 2


async def test_captured_payments_are_listed_in_pages_oldest_first(simulator: Running) -> None:
    made = [await simulator.create() for _ in range(3)]
    for payment in made:
        await simulator.complete(payment["id"])
    page = (await simulator.http.get("/payments?state=succeeded&after=0")).json()
    assert sorted(one["id"] for one in page["items"]) == sorted(one["id"] for one in made)
    assert page["next"] is None
    assert (await simulator.http.get("/payments?state=open&after=0")).status_code == 400


async def test_it_forgets_nothing_when_it_starts_again(short_dir: Path) -> None:
    async with running_simulator(short_dir) as simulator:
        made = await simulator.create("k1", metadata={"order_id": "o1"})
        await simulator.complete(made["id"])
        await simulator.set_faults(decline=True)
        before = await simulator.ledger()
    async with running_simulator(short_dir) as simulator:
        assert await simulator.ledger() == before
        assert (await simulator.create("k1", metadata={"order_id": "o1"}))["id"] == made["id"]
        assert (await simulator.http.get("/admin/faults")).json() == {"decline": True}


async def test_the_pay_page_works_without_scripts_and_escapes_what_it_is_told(
    simulator: Running,
) -> None:
    made = await simulator.create(
        amount_minor=129_900,
        metadata={"order_id": "<script>alert(1)</script>"},
        return_url="https://shop.example/orders/1?a=1&b=2",
    )
    page = await simulator.http.get(f"/pay/{made['id']}")
    assert made["redirect_url"] == f"{simulator.url}/pay/{made['id']}"
    assert "1,299.00 USD" in page.text
    assert "<script" not in page.text
    assert 'name="viewport"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    done = await simulator.http.post(
        f"/pay/{made['id']}/complete", data={"outcome": "succeeded"}, follow_redirects=True
    )
    assert "Paid" in done.text
    assert 'href="https://shop.example/orders/1?a=1&amp;b=2"' in done.text
    assert "<form" not in done.text


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [(5, "USD", "0.05 USD"), (1_500, "JPY", "1,500 JPY"), (1_500, "KWD", "1.500 KWD")],
)
async def test_amounts_are_shown_in_the_currency_s_own_units(
    simulator: Running, amount_minor: int, currency: str, shown: str
) -> None:
    made = await simulator.create(amount_minor=amount_minor, currency=currency)
    assert shown in (await simulator.http.get(f"/pay/{made['id']}")).text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/payments", b"{", 400),
        ("/payments", b'{"amount_minor": 0, "currency": "USD"}', 400),
        ("/payments", b'{"amount_minor": 1, "currency": "usd"}', 400),
        ("/payments", b'{"amount_minor": 1, "currency": "USD", "x": 1}', 400),
        ("/payments", b" " * 70_000, 413),
        ("/payments/none/cancel", b"", 404),
        ("/nowhere", b"", 404),
    ],
)
async def test_bad_requests_are_refused(
    simulator: Running, path: str, body: bytes, status: int
) -> None:
    assert (await simulator.http.post(path, content=body)).status_code == status
