"""Sales over HTTP, from draft to closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from gateway.app import Application
from lua import keys
from migrations.schema import AuditEntry
from tests.gateway.desk import Desk

SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
LATER = (datetime.now(UTC) + timedelta(hours=2)).isoformat()


def numbers(sale: dict[str, Any]) -> tuple[int, int, int, int]:
    item = sale["items"][0]
    assert item["units"] == item["available"] + item["held"] + item["sold"]
    return item["units"], item["available"], item["held"], item["sold"]


async def test_a_draft_moves_nothing_and_is_for_admins(desk: Desk, http: httpx.AsyncClient) -> None:
    made = await desk.product(stock=30, original_price_minor=2000, max_per_user=3)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10}, starts_at=SOON)
    draft = await desk.show(f"/sales/{sale_id}")
    assert (draft["state"], draft["hold_ttl_s"], draft["ends_at"]) == ("draft", 300, None)
    assert draft["items"] == [
        {
            "product_id": made["id"], "name": "Blue mug", "price_minor": 1200,
            "original_price_minor": 2000, "currency": "USD", "max_per_user": 3,
            "units": 10, "available": 10, "held": 0, "sold": 0,
        }
    ]  # fmt: skip
    assert (await desk.show(f"/products/{made['id']}"))["stock"] == 30
    assert (await http.get(f"/sales/{sale_id}")).status_code == 404
    assert (await http.get(f"/sales/{sale_id}/events")).status_code == 404
    assert (await http.get("/sales")).json()["total"] == 0
    assert (await desk.show("/sales"))["total"] == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"items": []}, "items"),
        ({"items": [{"product_id": 10**9, "units": 1}]}, "items[0].product_id"),
        ({"items": [{"product_id": 1, "units": 0}]}, "items[0].units"),
        ({"hold_ttl_s": 0}, "hold_ttl_s"),
        ({"hold_ttl_s": 86_401}, "hold_ttl_s"),
        ({"starts_at": LATER, "ends_at": SOON}, "ends_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "2031-01-01T00:00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
    ],
)
async def test_a_sale_that_makes_no_sense_is_refused(
    desk: Desk, changed: dict[str, Any], field: str
) -> None:
    made = await desk.product()
    given = {"name": "Rush", "items": [{"product_id": made["id"], "units": 1}]} | changed
    answer = await desk.ask("POST", "/sales", given)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_a_sale_has_each_product_once_and_one_currency(desk: Desk) -> None:
    mug, cup = await desk.product(), await desk.product(name="Euro cup", currency="EUR")
    for items in (
        [{"product_id": mug["id"], "units": 1}] * 2,
        [{"product_id": one["id"], "units": 1} for one in (mug, cup)],
    ):
        answer = await desk.ask("POST", "/sales", {"name": "Rush", "items": items})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "items")


async def test_opening_moves_units_from_the_product_and_sells_at_once(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10, "price_minor": 900})
    opened = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (opened.status_code, opened.json()["state"]) == (200, "live")
    assert numbers(opened.json()) == (10, 10, 0, 0)
    assert opened.json()["items"][0]["original_price_minor"] == 1200
    order = await desk.buy(made["id"], 4)
    assert order["lines"][0]["unit_price_minor"] == 900
    shown = (await http.get(f"/sales/{sale_id}")).json()
    assert numbers(shown) == (10, 6, 4, 0)
    assert shown["server_time"].endswith("Z")
    assert shown["position"] == "1-2"


async def test_opening_twice_changes_nothing(desk: Desk) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.open_sale(made["id"], 10)
    again = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (again.status_code, numbers(again.json())) == (200, (10, 10, 0, 0))
    assert (await desk.show(f"/products/{made['id']}"))["stock"] == 20


async def test_a_sale_is_not_opened_with_what_is_not_there(desk: Desk) -> None:
    made = await desk.product(stock=9)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10})
    short = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (short.status_code, short.json()["code"]) == (409, "insufficient_stock")
    assert short.json()["stock"] == 9
    await desk.ask("PATCH", f"/products/{made['id']}/stock", {"stock": 50})
    await desk.ask("PATCH", f"/products/{made['id']}/deactivate")
    inactive = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (inactive.status_code, inactive.json()["code"]) == (409, "product_inactive")
    assert (await desk.show(f"/sales/{sale_id}"))["state"] == "draft"


async def test_a_product_is_in_at_most_one_open_sale(desk: Desk) -> None:
    made = await desk.product(stock=30)
    first = await desk.open_sale(made["id"], 10)
    second = await desk.draft({"product_id": made["id"], "units": 5})
    refused = await desk.ask("POST", f"/sales/{second}/open")
    assert (refused.status_code, refused.json()["code"]) == (409, "product_on_sale")
    await desk.ask("POST", f"/sales/{first}/close")
    await desk.drainer.drain()
    assert (await desk.ask("POST", f"/sales/{second}/open")).status_code == 200
    order = await desk.buy(made["id"])
    assert order["sale_id"] == second


async def test_a_sale_waits_for_its_start(desk: Desk, http: httpx.AsyncClient) -> None:  # B2
    made = await desk.product()
    await desk.open_sale(made["id"], starts_at=SOON, ends_at=LATER)
    shown = (await http.get(f"/products/{made['id']}")).json()
    assert (shown["sale"]["state"], shown["available"]) == ("scheduled", 0)
    customer = await desk.people.customer()
    early = await http.post(
        "/orders", json={"product_id": made["id"], "quantity": 1}, headers=customer.headers
    )
    assert (early.status_code, early.json()["code"]) == (409, "sale_not_open")


async def test_a_paused_sale_takes_no_orders_until_it_is_resumed(  # B2
    desk: Desk, http: httpx.AsyncClient
) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"])
    for _ in range(2):
        paused = await desk.ask("POST", f"/sales/{sale_id}/pause")
        assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    customer = await desk.people.customer()
    order = {"product_id": made["id"], "quantity": 1}
    refused = await http.post("/orders", json=order, headers=customer.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "sale_not_open")
    await desk.drainer.drain()
    resumed = await desk.ask("POST", f"/sales/{sale_id}/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (200, "live")
    assert (await http.post("/orders", json=order, headers=customer.headers)).status_code == 201


async def test_closing_returns_what_is_available_and_waits_for_what_is_held(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.open_sale(made["id"], 10)
    order = await desk.buy(made["id"], 4)
    closing = await desk.ask("POST", f"/sales/{sale_id}/close")
    assert (closing.status_code, closing.json()["state"]) == (200, "closing")
    assert numbers(closing.json()) == (4, 0, 4, 0)
    await desk.drainer.drain()
    assert (await desk.show(f"/products/{made['id']}"))["stock"] == 26
    cancelled = await http.post(f"/orders/{order['id']}/cancel", headers=order["headers"])
    assert cancelled.status_code == 200, cancelled.text
    closed = await desk.ask("POST", f"/sales/{sale_id}/close")
    assert closed.json()["state"] == "closed"
    await desk.drainer.drain()
    shown = await desk.show(f"/products/{made['id']}")
    assert (shown["stock"], shown["reserved_stock"], shown["sale"]) == (30, 0, None)
    assert (await desk.show(f"/sales/{sale_id}"))["state"] == "closed"


async def test_a_closed_sale_that_the_store_forgot_is_shown_from_postgres(
    desk: Desk, app: Application
) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"], 10)
    await desk.ask("POST", f"/sales/{sale_id}/close")
    await desk.drainer.drain()
    await app.process.store.client.delete(keys.key(keys.lane_base(sale_id, 0), "LANE"))
    shown = await desk.show(f"/sales/{sale_id}")
    assert (shown["state"], numbers(shown)) == ("closed", (0, 0, 0, 0))


async def test_wrong_steps_are_refused_with_the_state(desk: Desk) -> None:
    made = await desk.product()
    sale_id = await desk.draft({"product_id": made["id"], "units": 1})
    for step in ("pause", "resume", "close"):
        refused = await desk.ask("POST", f"/sales/{sale_id}/{step}")
        assert (refused.status_code, refused.json()["code"]) == (409, "sale_state"), step
        assert refused.json()["state"] == "draft"
    await desk.ask("POST", f"/sales/{sale_id}/open")
    await desk.ask("POST", f"/sales/{sale_id}/close")
    await desk.drainer.drain()
    for step in ("open", "pause", "resume"):
        refused = await desk.ask("POST", f"/sales/{sale_id}/{step}")
        assert (refused.status_code, refused.json()["state"]) == (409, "closed"), step
    assert (await desk.ask("POST", f"/sales/{sale_id}/close")).status_code == 200
    assert (await desk.ask("POST", "/sales/999999/open")).status_code == 404


async def test_units_are_added_and_taken_back_while_the_sale_runs(desk: Desk) -> None:  # B2
    made = await desk.product(stock=30)
    sale_id = await desk.open_sale(made["id"], 10)
    path = f"/sales/{sale_id}/items/{made['id']}/units"
    more = await desk.ask("POST", path, {"delta": 15})
    assert (more.status_code, numbers(more.json())) == (200, (25, 25, 0, 0))
    await desk.buy(made["id"], 5)
    too_many = await desk.ask("POST", path, {"delta": -21})
    assert (too_many.status_code, too_many.json()["code"]) == (409, "units_in_use")
    assert too_many.json()["available"] == 20
    fewer = await desk.ask("POST", path, {"delta": -20})
    assert numbers(fewer.json()) == (5, 0, 5, 0)
    beyond = await desk.ask("POST", path, {"delta": 6})
    assert (beyond.status_code, beyond.json()["code"]) == (409, "insufficient_stock")
    await desk.drainer.drain()
    shown = await desk.show(f"/products/{made['id']}")
    assert (shown["stock"], shown["reserved_stock"]) == (25, 5)
    for bad in ({"delta": 0}, {"delta": "5"}, {"delta": 1.5}, {}):
        assert (await desk.ask("POST", path, bad)).status_code == 400
    assert (
        await desk.ask("POST", f"/sales/{sale_id}/items/77/units", {"delta": 1})
    ).status_code == 404


async def test_a_key_moves_units_once(desk: Desk) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.open_sale(made["id"], 10)
    path = f"/sales/{sale_id}/items/{made['id']}/units"
    for _ in range(3):
        again = await desk.ask("POST", path, {"delta": 5}, Idempotency_Key="k1")
        assert (again.status_code, numbers(again.json())) == (200, (15, 15, 0, 0))
        await desk.drainer.drain()
    other = await desk.ask("POST", path, {"delta": 6}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await desk.show(f"/products/{made['id']}"))["stock"] == 15


async def test_every_step_is_in_the_audit_log_with_its_request(  # R13
    desk: Desk, app: Application
) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10})
    for step in ("open", "pause", "resume"):
        await desk.ask("POST", f"/sales/{sale_id}/{step}", Request_Id=f"step-{step}")
    await desk.ask("POST", f"/sales/{sale_id}/items/{made['id']}/units", {"delta": 2})
    await desk.ask("POST", f"/sales/{sale_id}/close")
    async with app.process.database.connect() as connection:
        entries = (
            await connection.execute(
                select(AuditEntry.action, AuditEntry.actor_id, AuditEntry.request_id)
                .where(AuditEntry.subject == "sale", AuditEntry.subject_id == str(sale_id))
                .order_by(AuditEntry.id)
            )
        ).all()
    assert [entry.action for entry in entries] == [
        "sale.created", "sale.opened", "sale.paused", "sale.resumed", "sale.units_add",
        "sale.closed",
    ]  # fmt: skip
    assert {entry.actor_id for entry in entries} == {desk.admin.id}
    assert [entry.request_id for entry in entries[1:4]] == [
        "step-open",
        "step-pause",
        "step-resume",
    ]


async def test_customers_run_no_sale(desk: Desk, http: httpx.AsyncClient) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"])
    customer = await desk.people.customer()
    for path, body in [
        ("/sales", {"name": "x", "items": [{"product_id": made["id"], "units": 1}]}),
        (f"/sales/{sale_id}/pause", None),
        (f"/sales/{sale_id}/close", None),
        (f"/sales/{sale_id}/items/{made['id']}/units", {"delta": 1}),
    ]:
        refused = await http.post(path, json=body, headers=customer.headers)
        assert refused.status_code == 403, path


async def test_while_the_store_recovers_sales_answer_503_and_nothing_is_lost(
    desk: Desk, app: Application
) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10})
    await app.process.store.client.script_flush()
    pending = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (pending.status_code, pending.json()["code"]) == (503, "recovering")
    assert pending.headers["retry-after"]
    await app.process.store.load()
    opened = await desk.ask("POST", f"/sales/{sale_id}/open")
    assert (opened.status_code, numbers(opened.json())) == (200, (10, 10, 0, 0))
    await desk.drainer.drain()
    async with app.process.database.connect() as connection:
        left = await connection.scalar(
            text("SELECT count(*) FROM stock_moves WHERE state = 'intended'")
        )
    assert left == 0
    assert (await desk.show(f"/products/{made['id']}"))["stock"] == 20
