"""What holds for every answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.app import Application
from tests.gateway.conftest import client_of, running


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/auth/me", 401, "unauthenticated"),
        ("POST", "/auth/register", 400, "invalid_request"),
    ],
)
async def test_every_refusal_is_a_problem_with_a_request_id(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["request-id"]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert problem["code"] == code
    assert {"type", "title", "detail"} <= problem.keys()


async def test_a_fit_request_id_of_the_caller_is_kept_and_an_unfit_one_replaced(
    http: httpx.AsyncClient,
) -> None:
    kept = await http.get("/healthz", headers={"Request-Id": "order-17"})
    replaced = await http.get("/healthz", headers={"Request-Id": "x" * 129})
    assert kept.headers["request-id"] == "order-17"
    assert replaced.headers["request-id"] != "x" * 129


async def test_an_unforeseen_error_is_a_problem_that_tells_nothing(
    app: Application, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("gateway.accounts.guards.read_access_token", fail)
    answer = await http.get("/auth/me", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "hunter2" not in answer.text


async def test_a_body_above_the_limit_is_refused_by_its_announced_length(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/auth/login", content=b"x" * (64 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


async def test_a_body_above_the_limit_is_refused_when_it_comes_in_chunks(
    http: httpx.AsyncClient,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 16 * 1024

    answer = await http.post("/auth/login", content=chunks())
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


async def test_a_body_that_does_not_arrive_in_time_is_given_up(
    engines: Any, database_url: str, store: Any
) -> None:
    sent: list[Any] = []
    first = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def receive() -> Any:
        message = next(first, None)
        if message is None:
            await asyncio.Event().wait()
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/auth/login",
        "query_string": b"",
        "headers": [(b"transfer-encoding", b"chunked")],
    }
    async with running(database_url, engines.valkey.url, body_timeout_s=0.1) as app:
        await app(scope, receive, send)
    assert sent[0]["status"] == 408
    assert b"request_timeout" in sent[1]["body"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"email": "a@b.example"}', "password"),
        (b'{"email": 5, "password": "long enough"}', "email"),
        (b'{"email": "a@b.example", "password": "long enough", "role": "admin"}', "role"),
        (b'{"email": "a\\u0000@b.example", "password": "long enough"}', ""),
        (b'{"email": "no address", "password": "long enough"}', "email"),
    ],
)
async def test_invalid_input_names_the_field(
    http: httpx.AsyncClient, body: bytes, field: str
) -> None:
    answer = await http.post("/auth/register", content=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert [one["field"] for one in answer.json()["errors"]] == [field]


async def test_browsers_of_the_listed_origins_may_call(
    engines: Any, database_url: str, store: Any
) -> None:
    origin = "https://shop.example"
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    async with (
        running(database_url, engines.valkey.url, cors_origins=origin) as app,
        client_of(app) as http,
    ):
        preflight = await http.options("/auth/login", headers=asked)
        refused = await http.get("/nowhere", headers={"Origin": origin})
        strange = await http.get("/healthz", headers={"Origin": "https://evil.example"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "idempotency-key" in preflight.headers["access-control-allow-headers"]
    assert refused.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in strange.headers


async def test_the_document_lists_operations_and_refusals(http: httpx.AsyncClient) -> None:
    document = (await http.get("/docs/openapi.json")).json()
    register = document["paths"]["/auth/register"]["post"]
    assert register["responses"]["201"]
    assert (
        "email_taken" in document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    )
    assert document["paths"]["/auth/me"]["get"]["security"] == [{"bearer": []}]
