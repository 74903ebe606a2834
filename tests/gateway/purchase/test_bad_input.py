"""Bad input of every kind gets the right problem, never a 5xx, and takes nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lua import keys
from tests.gateway.conftest import client_of, running
from tests.gateway.people import SECRET
from tests.gateway.purchase.buyers import Front, token_of
from tests.settlement.shop import Shop

BODIES: list[bytes] = [
    b"", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"{}",
    b'{"product_id": 1}', b'{"quantity": 1}', b'{"product_id": "1", "quantity": 1}',
    b'{"product_id": 1, "quantity": "1"}', b'{"product_id": 1.0, "quantity": 1}',
    b'{"product_id": 1, "quantity": 1.0}', b'{"product_id": 1, "quantity": 1e0}',
    b'{"product_id": true, "quantity": 1}', b'{"product_id": 1, "quantity": 0}',
    b'{"product_id": 1, "quantity": -1}', b'{"product_id": 1, "quantity": 11}',
    b'{"product_id": 0, "quantity": 1}', b'{"product_id": -7, "quantity": 1}',
    b'{"product_id": 1e400, "quantity": 1}', b'{"product_id": NaN, "quantity": 1}',
    b'{"product_id": 99999999999999999999999999, "quantity": 1}',
    b'{"product_id": "{7.0}", "quantity": 1}', b'{"product_id": null, "quantity": 1}',
    b'{"product_id": 1, "quantity": 1, "price_minor": 1}',
    b'{"product_id": 1, "quantity": 1, "user_id": 2}',
    b'{"product_id": 1, "quantity": 1, "lines": []}', b'{"lines": []}', b'{"lines": {}}',
    b'{"lines": [{"product_id": 1, "quantity": 1}, {"product_id": 1, "quantity": 2}]}',
    b'{"lines": [{"product_id": 1}]}', b'{"lines": [1]}',
    b'{"product_id": 1, "quantity": 1, "sale_id": 0}',
    b'{"product_id": 1, "quantity": 1, "idempotency_key": ""}',
    b'{"product_id": 1, "quantity": 1, "idempotency_key": "\\u0000"}',
    b'{"product_id": 1, "quantity": 1, "idempotency_key": 5}',
    b"[" * 50_000,
    b'{"lines": [%s]}' % b",".join(b'{"product_id": %d, "quantity": 1}' % n for n in range(1, 12)),
]  # fmt: skip


async def untouched(shop: Shop) -> bool:
    seq = await shop.store.client.hget(keys.key(shop.base, "LANE"), "seq")  # type: ignore[misc]
    return bool(seq == b"1")


@pytest.mark.parametrize("body", BODIES)
async def test_a_bad_body_is_400_and_nothing_is_taken(front: Front, body: bytes) -> None:
    before = await front.shop.store.client.hget(keys.key(front.shop.base, "LANE"), "seq")  # type: ignore[misc]
    answer = await front.http.post(
        "/orders", content=body, headers={"Authorization": f"Bearer {token_of(1)}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.headers["Content-Type"] == "application/problem+json"
    after = await front.shop.store.client.hget(keys.key(front.shop.base, "LANE"), "seq")  # type: ignore[misc]
    assert before == after


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200) | st.text(max_size=60).map(str.encode))
def test_no_bytes_whatever_make_a_5xx(body: bytes) -> None:
    from gateway.problems import Refused
    from gateway.purchase.order_body import read_body

    code = None
    try:
        read_body(body)
    except Refused as refused:
        code = refused.code
    assert code in {None, "invalid_request"}


@pytest.mark.parametrize("key", ["", " " * 256, "a" * 256, "tab\there", "ünïcode", "\x7f"])
async def test_a_bad_idempotency_key_is_400(front: Front, key: str) -> None:
    answer = await front.http.post(
        "/orders",
        json={"product_id": 1, "quantity": 1},
        headers=[
            (b"authorization", f"Bearer {token_of(1)}".encode()),
            (b"idempotency-key", key.encode("latin-1")),
        ],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert "Idempotency-Key" in answer.json()["detail"]


@pytest.mark.parametrize(
    "authorization",
    [
        None, "", "Bearer", "Bearer ", "Basic abc", f"Bearer {token_of(1)}x", "Bearer a.b.c",
        f"Bearer {jwt.encode({'sub': '1'}, SECRET, 'HS256')}",
        f"Bearer {token_of(1, now_s=1_000_000_000)}",
        f"bearer  {token_of(1)}",
    ],
)  # fmt: skip
async def test_without_a_good_token_it_is_401(front: Front, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await front.http.post(
        "/orders", json={"product_id": 1, "quantity": 1}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_huge_body_is_413_whether_it_says_so_or_not(front: Front) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    headers = {"Authorization": f"Bearer {token_of(1)}"}
    for content in (b" " * 100_000, dripping()):
        answer = await front.http.post("/orders", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_slow_body_is_408(shop: Shop, database_url: str, engines: Any) -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    async with (
        running(database_url, engines.valkey.url, body_timeout_s=0.1) as app,
        client_of(app) as client,
    ):
        answer = await client.post(
            "/orders", content=never(), headers={"Authorization": f"Bearer {token_of(1)}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (408, "request_timeout")
        assert await untouched(shop)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_405(front: Front, method: str) -> None:
    answer = await front.http.request(method, "/orders")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
