"""Products over HTTP."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.app import Application
from migrations.schema import AuditEntry
from tests.gateway.desk import Desk


async def test_a_product_is_added_and_shown_whole(
    desk: Desk, http: httpx.AsyncClient
) -> None:  # R9
    made = await desk.product(sku="MUG-1", description="Holds tea", max_per_user=2)
    assert made.keys() == {
        "id", "sku", "name", "description", "price_minor", "original_price_minor", "currency",
        "stock", "reserved_stock", "max_per_user", "is_active", "version", "images", "created_at",
        "updated_at",
    }  # fmt: skip
    assert (made["stock"], made["reserved_stock"], made["version"]) == (100, 0, 1)
    shown = (await http.get(f"/products/{made['id']}")).json()
    assert (shown["sale"], shown["available"]) == (None, 0)
    assert {name: shown[name] for name in made} == made


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "ab"}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"price_minor": 0}, "price_minor"),
        ({"price_minor": 1_000_000_001}, "price_minor"),
        ({"price_minor": "1200"}, "price_minor"),
        ({"price_minor": 12.5}, "price_minor"),
        ({"price_minor": True}, "price_minor"),
        ({"stock": -1}, "stock"),
        ({"stock": 1_000_001}, "stock"),
        ({"currency": "usd"}, "currency"),
        ({"max_per_user": 0}, "max_per_user"),
        ({"color": "blue"}, "color"),
    ],
)
async def test_a_product_outside_the_limits_is_refused(  # R9
    desk: Desk, changed: dict[str, Any], field: str
) -> None:
    given = {"name": "Mug", "price_minor": 1200} | changed
    answer = await desk.ask("POST", "/products", given)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == field


async def test_a_sku_is_unique(desk: Desk) -> None:  # R9
    await desk.product(sku="MUG-1")
    again = await desk.ask("POST", "/products", {"name": "Other", "price_minor": 5, "sku": "MUG-1"})
    assert (again.status_code, again.json()["code"]) == (409, "sku_taken")


async def test_customers_and_strangers_change_nothing(  # R13
    desk: Desk, http: httpx.AsyncClient
) -> None:
    made = await desk.product()
    customer = await desk.people.customer()
    path = f"/products/{made['id']}"
    for method, where, body in [
        ("POST", "/products", {"name": "Mug", "price_minor": 1}),
        ("PATCH", f"{path}/price", {"price_minor": 1}),
        ("PATCH", f"{path}/stock", {"stock": 1}),
        ("PATCH", f"{path}/deactivate", None),
        ("DELETE", path, None),
    ]:
        refused = await http.request(method, where, json=body, headers=customer.headers)
        assert refused.status_code == 403, where
        assert (await http.request(method, where, json=body)).status_code == 401, where
    assert (await desk.show(path))["version"] == 1


async def test_each_change_is_one_version_and_one_audit_entry(  # R10 R13
    desk: Desk, app: Application
) -> None:
    path = f"/products/{(await desk.product())['id']}"
    steps = [
        ("price", {"price_minor": 1500}),
        ("stock", {"stock": 7}),
        ("name", {"name": "Red mug"}),
        ("deactivate", None),
        ("activate", None),
    ]
    for version, (what, body) in enumerate(steps, start=2):
        changed = await desk.ask("PATCH", f"{path}/{what}", body)
        assert changed.status_code == 200, changed.text
        assert changed.json()["version"] == version
    now = await desk.show(path)
    assert (now["price_minor"], now["stock"], now["name"]) == (1500, 7, "Red mug")
    async with app.process.database.connect() as connection:
        entries = (
            await connection.execute(
                select(AuditEntry.action, AuditEntry.before, AuditEntry.after)
                .where(AuditEntry.actor_id == desk.admin.id)
                .order_by(AuditEntry.id)
            )
        ).all()
    assert [entry.action for entry in entries] == [
        "product.created", "product.repriced", "product.restocked", "product.renamed",
        "product.deactivated", "product.activated",
    ]  # fmt: skip
    assert entries[2].before == {"stock": 100}
    assert entries[2].after == {"stock": 7}


@pytest.mark.parametrize("tag", ["1", '"1"', 'W/"1"'])
async def test_a_change_of_a_version_that_is_gone_is_refused(desk: Desk, tag: str) -> None:  # R9
    path = f"/products/{(await desk.product())['id']}"
    first = await desk.ask("PATCH", f"{path}/price", {"price_minor": 1}, If_Match=tag)
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    second = await desk.ask("PATCH", f"{path}/price", {"price_minor": 2}, If_Match=tag)
    assert (second.status_code, second.json()["code"]) == (409, "version_conflict")
    assert (await desk.show(path))["price_minor"] == 1
    unfit = await desk.ask("PATCH", f"{path}/price", {"price_minor": 2}, If_Match='"abc"')
    assert unfit.status_code == 400


@pytest.mark.parametrize(
    ("price_minor", "percentage", "expected"),
    [
        (1999, 10, 1799),
        (1000, 33.3, 667),
        (5, 50, 3),
        (1, 99.9, 1),
        (1_000_000_000, 0.1, 999_000_000),
    ],
)
async def test_a_discount_is_exact_and_keeps_the_original_price(  # R10
    desk: Desk, price_minor: int, percentage: float, expected: int
) -> None:
    path = f"/products/{(await desk.product(price_minor=price_minor))['id']}"
    for _ in range(2):
        changed = await desk.ask("PATCH", f"{path}/discount", {"discount_percentage": percentage})
        assert changed.json()["price_minor"] == expected
        assert changed.json()["original_price_minor"] == price_minor


@pytest.mark.parametrize("percentage", [0, 100, -5, 100.5, "10"])
async def test_no_discount_is_nothing_or_everything(desk: Desk, percentage: Any) -> None:  # R10
    path = f"/products/{(await desk.product())['id']}/discount"
    answer = await desk.ask("PATCH", path, {"discount_percentage": percentage})
    assert answer.status_code == 400


async def test_a_price_that_reaches_the_original_one_is_no_discount_any_more(desk: Desk) -> None:
    path = f"/products/{(await desk.product(original_price_minor=1500))['id']}"
    lower = await desk.ask("PATCH", f"{path}/price", {"price_minor": 1300})
    assert lower.json()["original_price_minor"] == 1500
    higher = await desk.ask("PATCH", f"{path}/price", {"price_minor": 1500})
    assert higher.json()["original_price_minor"] is None


async def test_inactive_and_deleted_products_are_for_admins(  # R10 R11
    desk: Desk, http: httpx.AsyncClient
) -> None:
    hidden, gone, listed = [await desk.product(name=f"Mug {n}") for n in range(3)]
    await desk.ask("PATCH", f"/products/{hidden['id']}/deactivate")
    assert (await desk.ask("DELETE", f"/products/{gone['id']}")).status_code == 204
    assert (await desk.ask("DELETE", f"/products/{gone['id']}")).status_code == 404
    assert [one["id"] for one in (await http.get("/products")).json()["items"]] == [listed["id"]]
    for one in (hidden, gone):
        assert (await http.get(f"/products/{one['id']}")).status_code == 404
        assert (await desk.show(f"/products/{one['id']}"))["id"] == one["id"]
    for state, wanted in [("inactive", {hidden["id"]}), ("deleted", {gone["id"]})]:
        assert (await http.get(f"/products?state={state}")).status_code == 401
        page = await desk.show(f"/products?state={state}")
        assert {one["id"] for one in page["items"]} == wanted
    assert (await desk.show("/products?state=all"))["total"] == 3


async def test_every_word_of_a_search_must_occur_and_the_best_match_is_first(  # R11
    desk: Desk, http: httpx.AsyncClient
) -> None:
    await desk.product(name="Tea pot", description="Blue, with a cup")
    await desk.product(name="Blue cup", sku="CUP-9")
    await desk.product(name="Red cup")

    async def names(search: str) -> list[str]:
        answer = await http.get("/products", params={"search": search})
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    assert await names("blue cups") == ["Blue cup", "Tea pot"]
    assert await names("cup") == ["Blue cup", "Red cup", "Tea pot"]
    assert await names("blue saucer") == []
    for odd in ("'", '"', "& | !", "a:*b", "\\", "%", "-", "  "):
        await names(odd)
    assert (await http.get("/products?search=%00")).status_code == 400


async def test_pages_have_totals_and_ids_pick_products(  # R11
    desk: Desk, http: httpx.AsyncClient
) -> None:
    ids = [(await desk.product(name=f"Mug {n}"))["id"] for n in range(5)]
    second = (await http.get("/products?page=2&limit=2")).json()
    assert [one["id"] for one in second["items"]] == [ids[2], ids[1]]
    assert {name: second[name] for name in ("page", "limit", "total")} == {
        "page": 2, "limit": 2, "total": 5,
    }  # fmt: skip
    assert (await http.get("/products?page=9")).json()["total"] == 5
    for query in (f"ids={ids[0]},{ids[3]}", f"ids={ids[0]}&ids={ids[3]}"):
        found = (await http.get(f"/products?{query}")).json()["items"]
        assert {one["id"] for one in found} == {ids[0], ids[3]}
    for bad in ("page=0", "limit=101", "limit=x", "ids=x", "ids=99999999999999999999", "state=no"):
        assert (await http.get(f"/products?{bad}")).status_code == 400, bad


async def test_an_unchanged_list_is_not_sent_again(  # R11
    desk: Desk, http: httpx.AsyncClient
) -> None:
    await desk.product()
    first = await http.get("/products")
    assert "max-age" in first.headers["cache-control"]
    again = await http.get("/products", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await desk.product(name="Second")
    changed = await http.get("/products", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("product_id", ["0", "-1", "9223372036854775808", "x"])
async def test_an_id_that_cannot_be_one_is_no_server_error(
    http: httpx.AsyncClient, product_id: str
) -> None:
    assert (await http.get(f"/products/{product_id}")).status_code in {400, 404}


async def test_a_product_on_sale_tells_of_its_sale_and_what_is_left(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.open_sale(made["id"], 10)
    await desk.buy(made["id"], 3)
    shown = (await http.get(f"/products/{made['id']}")).json()
    assert (shown["stock"], shown["reserved_stock"], shown["available"]) == (20, 10, 7)
    assert (shown["sale"]["id"], shown["sale"]["state"]) == (sale_id, "live")
    availability = f"/products/{made['id']}/availability"
    assert (await http.get(f"{availability}?quantity=7")).json() == {"available": 7, "enough": True}
    assert (await http.get(f"{availability}?quantity=8")).json()["enough"] is False
    assert (await http.get(f"{availability}?quantity=0")).status_code == 400


async def test_units_are_never_counted_twice_or_not_at_all_while_they_move(desk: Desk) -> None:
    made = await desk.product(stock=30)
    sale_id = await desk.draft({"product_id": made["id"], "units": 10})
    await desk.ask("POST", f"/sales/{sale_id}/open")
    for _ in range(2):  # before it is settled, and after
        listed = (await desk.show(f"/products?ids={made['id']}"))["items"][0]
        assert (listed["stock"], listed["reserved_stock"]) == (20, 10)
        await desk.drainer.drain()


async def test_a_product_in_an_open_sale_is_not_deleted(desk: Desk) -> None:
    made = await desk.product()
    sale_id = await desk.open_sale(made["id"])
    refused = await desk.ask("DELETE", f"/products/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "product_on_sale")
    await desk.ask("POST", f"/sales/{sale_id}/close")
    await desk.drainer.drain()
    assert (await desk.ask("DELETE", f"/products/{made['id']}")).status_code == 204


async def test_stock_leaves_room_for_what_a_sale_may_give_back(desk: Desk) -> None:
    made = await desk.product(stock=1_000_000)
    await desk.open_sale(made["id"], 10)
    path = f"/products/{made['id']}/stock"
    assert (await desk.ask("PATCH", path, {"stock": 999_991})).status_code == 400
    assert (await desk.ask("PATCH", path, {"stock": 999_990})).status_code == 200
