"""Around everything: what must also hold for 404, for raw handlers and for what Litestar refuses.

A `Request-Id` on every answer, a limit on the size of the body and on the time it takes to come,
CORS, and for all but the raw handlers one count and one log line. Raw handlers are called from
here: the way through Litestar's router costs as much as all that they do (docs/decisions).
"""

import asyncio
import time
import types
from collections.abc import Generator, Mapping
from typing import Any, Final

import structlog
from litestar.types import ASGIApp, Receive, Scope

from gateway import problems
from gateway.cors import Cors
from gateway.operations.metrics import Metrics
from gateway.problems import Refused
from gateway.request_ids import new_request_id, read_request_id
from gateway.settings import GatewaySettings

log = structlog.get_logger(__name__)

WEBHOOKS: Final = "/webhooks/"
QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked for every few seconds by machines; not worth a line."""


def wrap(
    inner: ASGIApp,
    settings: GatewaySettings,
    metrics: Metrics,
    raw: Mapping[tuple[str, str], ASGIApp],
) -> Any:
    """The ASGI application that a server runs. ``raw``: see `gateway.subject.Subject`."""
    body_max, webhook_body_max = settings.body_max_bytes, settings.webhook_body_max_bytes
    timeout_s = settings.body_timeout_s
    cors = Cors(settings.origins) if settings.origins else None

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        path = scope["path"]
        headers = scope["headers_by_name"] = dict(scope["headers"])
        asked = headers.get(b"request-id")
        request_id = (asked and read_request_id(asked)) or new_request_id()
        scope["request_id"] = request_id.decode()
        added = [(b"request-id", request_id)]
        if cors is not None and (origin := headers.get(b"origin")) is not None:
            if scope["method"] == "OPTIONS" and (preflight := cors.preflight(scope, origin)):
                await problems.Answer(204, (*preflight, *added), b"").send(send)
                return
            added += cors.headers(origin)
        scope["added_headers"] = added
        most = webhook_body_max if path.startswith(WEBHOOKS) else body_max
        length = headers.get(b"content-length")
        if length is not None and (len(length) > 12 or int(length) > most):
            await _TOO_LARGE.send(send, added)
            return
        handler = raw.get((scope["method"], path))
        if handler is not None:
            await handler(scope, _Body(receive, most, timeout_s), send)
        else:
            answer = _observed(send, added, scope, metrics)
            await inner(scope, _Body(receive, most, timeout_s), answer)

    return outer


_TOO_LARGE: Final = problems.ready(Refused("body_too_large", headers={"Connection": "close"}))


def _observed(send: Any, added: list[tuple[bytes, bytes]], scope: Any, metrics: Metrics) -> Any:
    started_s = time.perf_counter()

    def answer(message: Any) -> Any:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
            took_s = time.perf_counter() - started_s
            route = scope.get("path_template") or "unknown"
            metrics.observe(scope["method"], route, message["status"], took_s)
            if route not in QUIET:
                _log(scope, route, message["status"], took_s)
        return send(message)

    return answer


def _log(scope: Scope, route: str, status: int, took_s: float) -> None:
    worth_a_line = scope["method"] not in {"GET", "HEAD", "OPTIONS"} or status >= 500  # type: ignore[typeddict-item]
    (log.info if worth_a_line else log.debug)(
        "request",
        method=scope["method"],  # type: ignore[typeddict-item]
        route=route,
        status=status,
        duration_ms=round(took_s * 1000, 2),
        request_id=scope["request_id"],  # type: ignore[typeddict-item]
    )


class _Body:
    """A `receive` that raises Refused when the body is too large or takes too long."""

    __slots__ = ("_complete", "_deadline_s", "_left", "_receive", "_timeout_s")

    def __init__(self, receive: Receive, most: int, timeout_s: float) -> None:
        self._receive = receive
        self._left = most
        self._timeout_s = timeout_s
        self._deadline_s = 0.0
        self._complete = False

    async def __call__(self) -> Any:
        if self._complete:
            return await self._receive()
        asked: Any = self._receive()
        try:
            awaited = asked.send(None)
        except StopIteration as at_once:  # most bodies come with their headers: no clock is needed
            message: Any = at_once.value
        else:
            message = await self._in_time(asked, awaited)
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise Refused("body_too_large", headers={"Connection": "close"})
            self._complete = not message.get("more_body", False)
        return message

    async def _in_time(self, asked: Any, awaited: Any) -> Any:
        if not self._deadline_s:
            self._deadline_s = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline_s):
                return await _go_on(asked, awaited)
        except TimeoutError:
            raise Refused("request_timeout", headers={"Connection": "close"}) from None


@types.coroutine
def _go_on(asked: Any, awaited: Any) -> Generator[Any, Any, Any]:
    """Await a coroutine that was started by hand and waits for ``awaited``."""
    try:
        while True:
            try:
                sent = yield awaited
            except BaseException as raised:
                awaited = asked.throw(raised)
            else:
                awaited = asked.send(sent)
    except StopIteration as done:
        return done.value
