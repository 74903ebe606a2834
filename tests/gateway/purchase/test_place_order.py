"""Buying over HTTP: fast, honest, safe to retry. R19 R20 B1"""

import asyncio
from collections import Counter
from typing import Any

import pytest
import redis.asyncio

from gateway.app import Application
from lua import keys, pause
from lua.snapshot import snapshot
from tests.gateway.conftest import client_of, running
from tests.gateway.purchase.buyers import Front, announced
from tests.settlement.shop import Shop, open_shop


async def available(shop: Shop) -> int:
    lane = await snapshot(shop.store, shop.base)
    assert lane is not None
    item = lane.items[shop.products[0]]
    assert item.units == item.available + item.held + item.sold
    return item.available


def codes(answers: list[Any]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status_code, answer.json().get("code")) for answer in answers)


async def test_an_order_is_held_answered_and_found_at_once(front: Front) -> None:
    answer = await front.buy(1, 2)
    assert answer.status_code == 201
    order = answer.json()
    assert order["status"] == "PENDING"
    assert order["lines"] == [
        {"product_id": front.shop.products[0], "quantity": 2, "unit_price_minor": 1000}
    ]
    assert (order["total_minor"], order["currency"]) == (2000, "USD")
    assert answer.headers["Location"] == f"/orders/{order['id']}"
    assert "Idempotent-Replayed" not in answer.headers
    assert answer.headers["Request-Id"]
    assert int(answer.headers["Content-Length"]) == len(answer.content)


async def test_500_buyers_for_100_units_get_exactly_100(front: Front) -> None:
    answers = await asyncio.gather(*(front.buy(user) for user in range(1, 501)))
    assert codes(answers) == {(201, None): 100, (409, "sold_out"): 400}
    assert await available(front.shop) == 0
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 100


async def test_one_key_20_times_in_parallel_is_one_order(front: Front) -> None:
    answers = await asyncio.gather(*(front.buy(1, 3, key="once") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 19
    assert await available(front.shop) == 97


async def test_the_same_key_with_another_body_is_refused(front: Front) -> None:
    await front.buy(1, 1, key="k")
    answer = await front.buy(1, 2, key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await available(front.shop) == 99


async def test_the_key_may_come_in_the_body(front: Front) -> None:
    body = {"product_id": front.shop.products[0], "quantity": 1, "idempotency_key": "k"}
    first, second = await front.buy(1, body=body), await front.buy(1, key="k")
    assert first.content == second.content
    both = await front.buy(1, body=body, key="other")
    assert (both.status_code, both.json()["code"]) == (400, "invalid_request")


async def test_a_replay_is_answered_after_sell_out_and_after_a_pause(front: Front) -> None:
    first = await front.buy(1, 10, key="k")
    for user in range(2, 11):
        await front.buy(user, 10)
    assert (await front.buy(11)).json()["code"] == "sold_out"
    assert (await front.buy(1, 10, key="k")).content == first.content
    await pause.pause(front.shop.store, front.shop.base, "paused")
    assert (await front.buy(1, 10, key="k")).content == first.content
    assert (await front.buy(1, 10, key="new")).json()["code"] in {"sold_out", "sale_not_open"}


async def test_several_lines_are_all_or_nothing(
    valkey: "redis.asyncio.Redis", database_url: str, engines: Any
) -> None:
    async with open_shop(valkey, database_url, products=3, units=5) as shop:
        await announced(shop)
        async with running(database_url, engines.valkey.url) as app, client_of(app) as client:
            front = Front(client, shop)
            first, second, third = shop.products
            lines = [{"product_id": first, "quantity": 5}, {"product_id": second, "quantity": 1}]
            assert (await front.buy(1, body={"lines": lines})).status_code == 201
            lines = [{"product_id": third, "quantity": 1}, {"product_id": first, "quantity": 1}]
            refused = await front.buy(2, body={"lines": lines, "sale_id": shop.sale})
            assert refused.json()["code"] == "sold_out"
            lane = await snapshot(shop.store, shop.base)
            assert lane is not None
            left = {product: item.available for product, item in lane.items.items()}
            assert left == {first: 0, second: 4, third: 5}


async def test_one_user_with_1000_parallel_requests_gets_exactly_the_limit(
    valkey: "redis.asyncio.Redis", database_url: str, engines: Any
) -> None:
    async with open_shop(valkey, database_url, limit=3) as shop:
        await announced(shop)
        async with running(database_url, engines.valkey.url) as app, client_of(app) as client:
            front = Front(client, shop)
            answers = await asyncio.gather(*(front.buy(7) for _ in range(1_000)))
            assert codes(answers) == {(201, None): 3, (409, "limit_reached"): 997}


async def test_ten_attempts_a_minute_then_429_with_the_time_to_wait(
    shop: Shop, database_url: str, engines: Any
) -> None:
    async with (
        running(database_url, engines.valkey.url, rate_limits="on") as app,
        client_of(app) as client,
    ):
        front = Front(client, shop)
        answers = await asyncio.gather(*(front.buy(7) for _ in range(15)))
        assert codes(answers) == {(201, None): 10, (429, "rate_limited"): 5}
        limited = next(answer for answer in answers if answer.status_code == 429)
        assert 1 <= int(limited.headers["Retry-After"]) <= 6


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"product_id": 10**9, "quantity": 1}, 404, "not_found"),
        ({"product_id": 1, "quantity": 1, "sale_id": 99}, 409, "not_on_sale"),
    ],
)
async def test_what_cannot_be_bought_is_said(
    front: Front, body: dict[str, int], status: int, code: str
) -> None:
    answer = await front.buy(1, body=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_product_in_no_sale_is_not_on_sale(front: Front) -> None:
    await front.shop.rows("INSERT INTO products (name, price_minor) VALUES ('Spare', 1)")
    (row,) = await front.shop.rows("SELECT id FROM products WHERE name = 'Spare'")
    answer = await front.buy(1, body={"product_id": row["id"], "quantity": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")


async def test_a_closed_store_says_recovering_and_takes_nothing(
    front: Front, valkey: "redis.asyncio.Redis"
) -> None:
    await valkey.script_flush()
    answer = await front.buy(1)
    assert (answer.status_code, answer.json()["code"]) == (503, "recovering")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_sale_that_is_not_open_says_when_it_is(
    valkey: "redis.asyncio.Redis", front: Front
) -> None:
    lane = keys.key(front.shop.base, "LANE")
    await valkey.hset(lane, "conf", "open 32503680000000 0 300000 USD 1")  # type: ignore[misc]
    answer = await front.buy(1)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "sale_not_open")
    assert problem["opens_at"] == "3000-01-01T00:00:00.000Z"


async def test_a_revoked_session_cannot_buy(front: Front, app: Application) -> None:
    app.process.revocations.learn("u 5 1", 1e12)
    answer = await front.buy(5)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "WWW-Authenticate" in answer.headers
