"""Around everything: what must also hold for 404, for raw handlers and for what Litestar refuses.

One closure a request: a `Request-Id` on every answer, a limit on the size of the body and on the
time it takes to come, CORS, and for all but the raw handlers one count and one log line.
"""

import asyncio
import time
from collections.abc import Mapping
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
    raw: Mapping[tuple[str, str], str],
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
        origin = length = request_id = None
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"origin":
                origin = value
            elif name == b"request-id":
                request_id = read_request_id(value)
        if request_id is None:
            request_id = new_request_id()
        scope["request_id"] = request_id.decode()
        added = [(b"request-id", request_id)]
        if cors is not None and origin is not None:
            if scope["method"] == "OPTIONS" and (preflight := cors.preflight(scope, origin)):
                await problems.Answer(204, (*preflight, *added), b"").send(send)
                return
            added += cors.headers(origin)
        raw_path = raw.get((scope["method"], path))
        if raw_path is not None:
            scope["path"] = raw_path
            answer = _adding(send, added)
        else:
            answer = _observed(send, added, scope, metrics)
        most = webhook_body_max if path.startswith(WEBHOOKS) else body_max
        if length is not None and (len(length) > 12 or int(length) > most):
            await _TOO_LARGE.send(answer)
            return
        await inner(scope, _Body(receive, most, timeout_s), answer)

    return outer


_TOO_LARGE: Final = problems.ready(Refused("body_too_large", headers={"Connection": "close"}))


def _adding(send: Any, added: list[tuple[bytes, bytes]]) -> Any:
    def answer(message: Any) -> Any:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        return send(message)

    return answer


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
        message = self._arrived() or await self._in_time()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise Refused("body_too_large", headers={"Connection": "close"})
            self._complete = not message.get("more_body", False)
        return message

    def _arrived(self) -> Any:
        """What the server has already read, or None: then it is asked again, by the clock.

        Most bodies come with their headers, and a clock costs more than all the rest of this.
        """
        asked: Any = self._receive()
        try:
            asked.send(None)
        except StopIteration as at_once:
            return at_once.value
        asked.close()
        return None

    async def _in_time(self) -> Any:
        if not self._deadline_s:
            self._deadline_s = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline_s):
                return await self._receive()
        except TimeoutError:
            raise Refused("request_timeout", headers={"Connection": "close"}) from None
