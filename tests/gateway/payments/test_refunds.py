"""Money goes back when an admin says so, and never more than was captured. R28, R31"""

import asyncio
import uuid
from typing import Any

import httpx
import pytest

from settlement.money.send_refund import send_refund
from tests.gateway.payments.desk import Desk
from tests.gateway.people import Person


async def ask(desk: Desk, admin: Person, order: str, key: str = "", **body: Any) -> httpx.Response:
    headers = admin.headers | ({"Idempotency-Key": key} if key else {})
    return await desk.http.post(f"/orders/{order}/refunds", json=body, headers=headers)


async def send_all(desk: Desk) -> list[str]:
    rows = await desk.shop.rows("SELECT id::text FROM refunds WHERE status = 'requested'")
    money = desk.app.process.payments.money
    return [await send_refund(money, str(row["id"])) for row in rows]


async def test_a_full_refund_with_restock_ends_the_order_and_frees_its_units(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    order, payment = await desk.paid(buyer)
    answer = await ask(desk, admin, order, restock=True, reason="damaged")
    assert answer.status_code == 202
    refund = answer.json()
    assert (refund["status"], refund["amount_minor"]) == ("requested", 1_000)
    assert (refund["payment_id"], refund["reason"]) == (payment["id"], "damaged")
    assert await send_all(desk) == ["succeeded"]
    await desk.shop.drainer.drain()
    assert await desk.shop.totals() == (10, 10, 0, 0)
    shown = (await desk.http.get(f"/orders/{order}", headers=buyer.headers)).json()
    assert (shown["status"], shown["refunded_minor"]) == ("REFUNDED", 1_000)
    (row,) = await desk.shop.rows("SELECT action, actor_id FROM audit_log")
    assert (row["action"], row["actor_id"]) == ("refund.ask", admin.id)


async def test_many_who_ask_at_once_get_no_more_than_was_captured(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    order, _ = await desk.paid(buyer)
    answers = await asyncio.gather(*(ask(desk, admin, order, amount_minor=300) for _ in range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [202] * 3 + [409] * 5
    assert answers[statuses.index(409)].headers["content-type"]
    assert (await ask(desk, admin, order)).json()["amount_minor"] == 100
    too_much = await ask(desk, admin, order, amount_minor=1)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert await send_all(desk) == ["succeeded"] * 4
    assert (await desk.simulator.ledger())["totals"]["refunded_minor"] == 1_000


async def test_an_idempotency_key_makes_asking_again_safe(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    order, _ = await desk.paid(buyer)
    first = await ask(desk, admin, order, "k1", amount_minor=400)
    assert (await ask(desk, admin, order, "k1", amount_minor=400)).json() == first.json()
    other = await ask(desk, admin, order, "k1", amount_minor=500)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    rows = await desk.shop.rows("SELECT sum(amount_minor)::int AS asked FROM refunds")
    assert rows == [{"asked": 400}]


async def test_who_and_what_may_not_be_refunded(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    unpaid = await desk.order(buyer)
    assert (await ask(desk, buyer, unpaid)).status_code == 403
    assert (await ask(desk, admin, unpaid)).status_code == 409
    assert (await ask(desk, admin, str(uuid.uuid4()))).status_code == 404
    paid, _ = await desk.paid(await desk.people.customer())
    bodies: list[dict[str, Any]] = [
        {"amount_minor": 0},
        {"amount_minor": 1, "restock": True},
        {"x": 1},
    ]
    for body in bodies:
        answer = await ask(desk, admin, paid, **body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    other = await ask(desk, admin, paid, payment_id=str(uuid.uuid4()))
    assert other.status_code == 409


async def test_a_refund_that_failed_can_be_asked_for_again(desk: Desk) -> None:
    admin = await desk.people.admin()
    order, payment = await desk.paid(await desk.people.customer())
    refund = (await ask(desk, admin, order)).json()
    fault = {"error_before": ["refund"], "times": 1}
    path = f"/admin/payments/{payment['provider_ref']}/faults"
    await desk.simulator.http.post(path, json=fault)
    assert await send_all(desk) == ["waits"]
    retry = f"/admin/refunds/{refund['id']}/retry"
    answer = await desk.http.post(retry, headers=admin.headers)
    assert (answer.status_code, answer.json()["id"]) == (202, refund["id"])
    await desk.simulator.http.post(path, json={"refund_fails": True})
    assert await send_all(desk) == ["failed"]
    again = (await desk.http.post(retry, headers=admin.headers)).json()
    assert again["id"] != refund["id"]
    await desk.simulator.http.post(path, json={})
    assert await send_all(desk) == ["succeeded"]
    assert (await desk.http.post(retry, headers=admin.headers)).status_code == 409
    missing = f"/admin/refunds/{uuid.uuid4()}/retry"
    assert (await desk.http.post(missing, headers=admin.headers)).status_code == 404


async def test_admins_see_payments_refunds_and_webhooks(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    order, payment = await desk.paid(buyer)
    await ask(desk, admin, order, amount_minor=10)

    async def listed(path: str) -> dict[str, Any]:
        answer = await desk.http.get(path, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    payments = await listed(f"/admin/payments?status=SUCCEEDED&order_id={order}")
    assert [one["id"] for one in payments["items"]] == [payment["id"]]
    assert (payments["total"], payments["page"], payments["limit"]) == (1, 1, 20)
    assert payments["items"][0]["verdict"] == "confirmed"
    assert "client_secret" not in payments["items"][0]
    assert (await listed("/admin/payments?status=FAILED"))["items"] == []
    assert [one["cause"] for one in (await listed("/admin/refunds"))["items"]] == ["admin"]
    (webhook,) = (await listed("/admin/webhooks?state=handled"))["items"]
    assert webhook["payment_id"] == payment["id"]
    resent = await desk.http.post(f"/admin/webhooks/{webhook['id']}/resend", headers=admin.headers)
    assert resent.json() == {"id": webhook["id"], "state": "handled", "outcome": "nothing"}
    missing = await desk.http.post("/admin/webhooks/0/resend", headers=admin.headers)
    assert missing.status_code == 404


@pytest.mark.parametrize("path", ["/admin/payments", "/admin/refunds", "/admin/webhooks"])
async def test_nobody_else_sees_them(desk: Desk, path: str) -> None:
    buyer = await desk.people.customer()
    assert (await desk.http.get(path, headers=buyer.headers)).status_code == 403
    assert (await desk.http.get(path)).status_code == 401
    bad = await desk.http.get(f"{path}?page=0", headers=(await desk.people.admin()).headers)
    assert bad.status_code == 400
