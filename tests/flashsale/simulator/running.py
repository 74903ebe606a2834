"""A simulated provider on a socket of its own, in this process and loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from msgspec import Struct

from flashsale.simulator.app import App

SECRET = "a-secret-for-signing-webhooks-in-tests"


class Running(Struct):
    """A server that answers; `http` reaches its API."""

    url: str
    http: httpx.AsyncClient

    async def ledger(self) -> dict[str, Any]:
        """Everything it took and gave back."""
        found: dict[str, Any] = (await self.http.get("/ledger")).json()
        return found

    async def set_faults(self, **faults: Any) -> None:
        """The faults of all payments from now on."""
        answer = await self.http.post("/admin/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def create(self, key: str = "", **fields: Any) -> dict[str, Any]:
        """A payment made without the engine."""
        asked = {"amount_minor": 1_000, "currency": "USD"} | fields
        headers = {"idempotency-key": key} if key else {}
        answer = await self.http.post("/payments", json=asked, headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def complete(self, ref: str, outcome: str = "succeeded", **faults: Any) -> int:
        """Leave the pay page; the status of the answer."""
        asked: dict[str, Any] = {"outcome": outcome}
        if faults:
            asked["faults"] = faults
        return (await self.http.post(f"/pay/{ref}/complete", json=asked)).status_code


@contextlib.asynccontextmanager
async def running_simulator(folder: Path, webhook_url: str = "") -> AsyncIterator[Running]:
    """Start it on a free port, stop it at the end; the ledger stays in ``folder``."""
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(App(folder, webhook_url, SECRET)))
        client = httpx.AsyncClient(base_url=url, timeout=5, trust_env=False)
        yield Running(url, await stack.enter_async_context(client))


def free_port() -> socket.socket:
    """A socket bound to a free port of this machine."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@contextlib.asynccontextmanager
async def serving(app: Any, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port, or on a bound socket; gives its URL."""
    listener = listener or free_port()
    config = uvicorn.Config(
        app,
        interface="asgi3",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    task = asyncio.create_task(server._serve(sockets=[listener]))
    try:
        while not server.started:
            assert not task.done(), "the server ended at its start"
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
