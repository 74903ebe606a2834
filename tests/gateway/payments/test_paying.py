"""A buyer pays her own order, and nobody else's. R24, R25, R27"""

import asyncio
import uuid

import pytest

from tests.gateway.eventually import eventually
from tests.gateway.payments.desk import Desk


async def test_a_payment_is_opened_paid_and_shown_before_it_is_settled(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    answer = await desk.pay(buyer, order)
    payment = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/payments/{payment['id']}"
    assert (payment["order_id"], payment["status"]) == (order, "PENDING")
    assert (payment["amount_minor"], payment["currency"]) == (1_000, "USD")
    assert payment["provider"] == "simulator"
    assert payment["redirect_url"].startswith(desk.simulator.url)
    assert "client_secret" not in payment

    page = payment["redirect_url"]
    await desk.simulator.http.post(f"{page}/complete", json={"outcome": "succeeded"})

    async def is_paid() -> bool:
        shown = await desk.http.get(f"/payments/{payment['id']}", headers=buyer.headers)
        return bool(shown.json()["status"] == "SUCCEEDED")

    await eventually(is_paid)
    orders = await desk.http.get(f"/orders/{order}", headers=buyer.headers)
    assert orders.json()["status"] == "PAID"
    await desk.shop.drainer.drain()
    assert await is_paid()
    assert (await desk.pay(buyer, order)).json()["code"] == "order_not_payable"


async def test_asked_twice_the_same_open_payment_is_returned(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    first, second = (await desk.pay(buyer, order)).json(), (await desk.pay(buyer, order)).json()
    assert first == second


async def test_an_order_that_was_just_made_is_waited_for(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer, settled=False)
    paying = asyncio.create_task(desk.pay(buyer, order))
    await asyncio.sleep(0.1)
    assert not paying.done()
    await desk.shop.drainer.drain()
    assert (await paying).status_code == 201


async def test_an_order_that_is_not_settled_in_time_is_not_paid_yet(desk: Desk) -> None:
    buyer = await desk.people.customer()
    answer = await desk.pay(buyer, await desk.order(buyer, settled=False))
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert int(answer.headers["retry-after"]) >= 1


async def test_another_buyer_s_order_and_payment_are_not_found(desk: Desk) -> None:
    buyer, other = await desk.people.customer(), await desk.people.customer()
    admin = await desk.people.admin()
    order = await desk.order(buyer)
    unsettled = await desk.order(buyer, settled=False)
    payment = (await desk.pay(buyer, order)).json()
    for asked in (order, unsettled, str(uuid.uuid4())):
        assert (await desk.pay(other, asked)).status_code == 404
    path = f"/payments/{payment['id']}"
    assert (await desk.http.get(path, headers=other.headers)).status_code == 404
    assert (await desk.http.get(path)).status_code == 401
    assert (await desk.http.get(path, headers=admin.headers)).status_code == 200
    missing = f"/payments/{uuid.uuid4()}"
    assert (await desk.http.get(missing, headers=buyer.headers)).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({"provider": "cash"}, 400), ({"provider": "stripe"}, 400), ({}, 400),
     ({"provider": "simulator", "amount_minor": 1}, 400)],
)  # fmt: skip
async def test_a_wrong_request_is_refused(desk: Desk, body: dict[str, object], status: int) -> None:
    buyer = await desk.people.customer()
    path = f"/orders/{await desk.order(buyer)}/payments"
    answer = await desk.http.post(path, json=body, headers=buyer.headers)
    assert (answer.status_code, answer.json()["code"]) == (status, "invalid_request")


async def test_a_provider_that_does_not_answer_is_asked_again_with_the_same_payment(
    desk: Desk,
) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    await desk.simulator.set_faults(error_after=["create"])
    answer = await desk.pay(buyer, order)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await desk.pay(buyer, order)).status_code == 201
    assert len((await desk.simulator.ledger())["payments"]) == 1


async def test_a_buyer_cancels_while_paying(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    payment = (await desk.pay(buyer, order)).json()
    path = f"/orders/{order}/cancel"
    answer = await desk.http.post(path, headers=buyer.headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    assert await desk.simulator.complete(payment["provider_ref"]) == 409
    assert (await desk.http.post(path, headers=buyer.headers)).status_code == 200


async def test_a_buyer_who_has_paid_cannot_cancel(desk: Desk) -> None:
    buyer = await desk.people.customer()
    order = await desk.order(buyer)
    payment = (await desk.pay(buyer, order)).json()
    await desk.simulator.complete(payment["provider_ref"], drop=True)
    answer = await desk.http.post(f"/orders/{order}/cancel", headers=buyer.headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_cancellable")
    shown = await desk.http.get(f"/orders/{order}", headers=buyer.headers)
    assert shown.json()["status"] == "PAID"


async def test_an_admin_asks_the_provider(desk: Desk) -> None:
    buyer, admin = await desk.people.customer(), await desk.people.admin()
    order = await desk.order(buyer)
    payment = (await desk.pay(buyer, order)).json()
    await desk.simulator.complete(payment["provider_ref"], drop=True)
    path = f"/payments/{payment['id']}/verify"
    assert (await desk.http.post(path, headers=buyer.headers)).status_code == 403
    answer = await desk.http.post(path, headers=admin.headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "SUCCEEDED")
    missing = f"/payments/{uuid.uuid4()}/verify"
    assert (await desk.http.post(missing, headers=admin.headers)).status_code == 404
    (row,) = await desk.shop.rows("SELECT action, actor_id FROM audit_log")
    assert (row["action"], row["actor_id"]) == ("payment.verify", admin.id)
