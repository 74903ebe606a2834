"""Somebody who takes webhooks, and remembers them."""

import asyncio
import time
from typing import Any

import msgspec

from settlement.providers import simulator_signature as signature
from tests.flashsale.simulator.running import SECRET


class Receiver:
    """An ASGI application; answers with ``statuses`` in turn, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.events: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.path = ""
        self._statuses = list(statuses)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        signature.check(SECRET, body, headers[b"simulator-signature"].decode())
        status = self._statuses.pop(0) if self._statuses else 200
        self.path = scope["path"]
        self.times.append(time.monotonic())
        if status == 200:
            self.events.append(msgspec.json.decode(body))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def wait_for(self, count: int, within_s: float = 5.0) -> list[str]:
        """The types of the events, when there are at least so many."""
        give_up_at = time.monotonic() + within_s
        while len(self.events) < count:
            assert time.monotonic() < give_up_at, [event["type"] for event in self.events]
            await asyncio.sleep(0.01)
        return [event["type"] for event in self.events]
