"""Whether a process may be sent customers."""

from typing import Any

import httpx
import pytest

from gateway.app import Application
from gateway.operations import readiness
from tests.gateway.conftest import client_of, running


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks are not kept, so that each call sees the present."""
    monkeypatch.setattr(readiness, "KEPT_S", -1.0)


async def failing(http: httpx.AsyncClient) -> dict[str, str]:
    answer = await http.get("/readyz")
    ready = answer.json()
    found = {check["name"]: check["detail"] for check in ready["checks"] if not check["ok"]}
    assert answer.status_code == (503 if found else 200)
    assert ready["status"] == ("not_ready" if found else "ready")
    return found


async def test_a_process_with_both_servers_is_ready(http: httpx.AsyncClient) -> None:  # R32
    assert await failing(http) == {}
    assert (await http.get("/healthz")).json() == {"status": "ok"}


async def test_a_process_without_the_scripts_is_not_ready(  # R32
    app: Application, http: httpx.AsyncClient
) -> None:
    await app.process.store.client.script_flush()
    assert await failing(http) == {"valkey": "no scripts of generation 1"}


async def test_a_store_that_recovery_has_not_opened_is_not_ready(
    app: Application, http: httpx.AsyncClient
) -> None:
    await app.process.store.client.flushall()
    assert "recovery" in (await failing(http))["valkey"]


async def test_a_draining_process_is_not_ready_and_lives(
    app: Application, http: httpx.AsyncClient
) -> None:
    app.process.draining.set()
    assert await failing(http) == {"draining": "shutting down"}
    assert (await http.get("/healthz")).status_code == 200


async def test_a_process_starts_without_its_servers_and_says_so(short_dir: Any) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:1/none?host={short_dir}"
    async with running(nowhere, f"unix://{short_dir}/none.sock") as app, client_of(app) as http:
        assert (await failing(http)).keys() == {"valkey", "postgres"}
        assert (await http.get("/healthz")).status_code == 200
        for path in ("/products", "/sales"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_metrics_count_answers_by_route(http: httpx.AsyncClient) -> None:  # R8
    await http.get("/products/17")
    await http.get("/products/18")
    await http.get("/nowhere")
    text = (await http.get("/metrics")).text
    assert (
        'flashsale_requests_total{method="GET",route="/products/{product_id}",status="404"} 2.0'
        in text
    )
    assert 'route="unknown",status="404"' in text
    assert "flashsale_database_connections" in text
