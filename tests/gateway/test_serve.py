"""A gateway as a process of its own: on a socket, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis.asyncio

from tests.gateway.eventually import eventually
from tests.gateway.people import SECRET
from tests.settlement.stock_moves.yard import Yard, open_yard

COMMAND = "from flashsale.cli import main; main()"


@pytest.fixture
async def yard(valkey: "redis.asyncio.Redis", database_url: str) -> AsyncIterator[Yard]:
    async with open_yard(valkey, database_url) as made:
        await made.open()
        yield made


@contextmanager
def gateway(
    socket: Path, database_url: str, redis_url: str, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """`flashsale gateway` on a Unix socket; killed if it is still there at the end."""
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": SECRET}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "gateway", "--uds", str(socket)],
        env=os.environ | given | environment,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def client_on(socket: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example", timeout=10)


async def serving(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def has_readers(http: httpx.AsyncClient, count: int) -> bool:
    return f"flashsale_stream_readers {count}.0" in (await http.get("/metrics")).text


async def test_a_gateway_that_is_asked_to_end_drains_first(  # R3
    engines: Any, database_url: str, short_dir: Path, yard: Yard
) -> None:
    socket = short_dir / "g.sock"
    with gateway(socket, database_url, engines.valkey.url, DRAIN_DELAY_S="1.5") as process:
        async with client_on(socket) as http:
            await eventually(lambda: serving(http), within_s=15)
            async with http.stream("GET", f"/sales/{yard.sale}/events") as left:
                assert left.status_code == 200
                await eventually(lambda: has_readers(http, 1))
            await eventually(lambda: has_readers(http, 0))
            async with http.stream("GET", f"/sales/{yard.sale}/events") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "retry: 2000"
                process.send_signal(signal.SIGTERM)
                seen = [line async for line in lines]
            assert "event: stock" in seen
            not_ready = await http.get("/readyz")
            assert not_ready.status_code == 503
            assert (await http.get("/products")).status_code == 200
        started = time.monotonic()
        assert process.wait(10) == 0
        assert time.monotonic() - started < 5
        with pytest.raises(httpx.TransportError):
            await client_on(socket).get("/healthz")


async def test_a_gateway_refuses_a_database_without_its_schema(  # R3
    engines: Any, empty_database_url: str, short_dir: Path, valkey: "redis.asyncio.Redis"
) -> None:
    with gateway(short_dir / "g.sock", empty_database_url, engines.valkey.url) as process:
        assert process.wait(20) != 0
        assert process.stderr is not None
        assert b"flashsale migrate" in process.stderr.read()


async def test_a_gateway_names_every_wrong_variable(  # R2
    database_url: str, engines: Any, short_dir: Path
) -> None:
    wrong = {"SECRET_KEY": "short", "RATE_LIMITS": "maybe", "ENVIRONMENT": "moon"}
    with gateway(short_dir / "g.sock", database_url, engines.valkey.url, **wrong) as process:
        assert process.wait(20) != 0
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert all(name in said for name in wrong)
    assert "short" not in said
