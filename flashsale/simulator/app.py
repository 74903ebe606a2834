"""The ASGI application of the simulated provider."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from flashsale.simulator.api import Answer, Request, answer, as_json
from flashsale.simulator.desk import Desk

BODY_MAX: Final = 64 * 1024


class App:
    """Serves one `Desk`, opened and closed with the server's lifespan."""

    def __init__(self, folder: Path, webhook_url: str, secret: str, public_url: str = "") -> None:
        self._folder, self._webhook_url, self._secret = folder, webhook_url, secret
        self._public_url = public_url.rstrip("/")
        self._desk: Desk | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self._desk = Desk(self._folder, self._webhook_url, self._secret)
        self._desk.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._desk.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        if self._desk is None:
            raise RuntimeError("the lifespan comes first")
        body = await _body(receive)
        if body is None:
            await _send(send, as_json({"code": "body_too_large"}, 413))
            return
        await _send(send, await answer(self._desk, _request(scope, body, self._public_url)))


async def _body(receive: Any) -> bytes | None:
    """Read the whole body; None when it is too large."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _request(scope: Any, body: bytes, public_url: str) -> Request:
    headers = dict(scope["headers"])
    server = scope.get("server") or ("127.0.0.1", 80)
    host = headers.get(b"host", f"{server[0]}:{server[1]}".encode()).decode("latin-1")
    return Request(
        method=scope["method"],
        path=tuple(part for part in scope["path"].split("/") if part),
        query=parse_qs(scope["query_string"].decode("latin-1")),
        headers=headers,
        origin=public_url or f"{scope['scheme']}://{host}",
        body=body,
    )


async def _send(send: Any, made: Answer) -> None:
    headers = [*made.headers, (b"content-length", str(len(made.body)).encode())]
    await send({"type": "http.response.start", "status": made.status, "headers": headers})
    await send({"type": "http.response.body", "body": made.body})
