"""One connection to the store for the fast path.

Commands of one event-loop turn leave in one write, so that the server runs them in one turn of its
own and shares their fsync; answers come back in order. redis-py does the same with ten times the
CPU, which is the budget of a whole purchase.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import hiredis
import structlog
from redis.asyncio.connection import parse_url

from lua.settings import ValkeySettings

PENDING_MAX: Final = 20_000
"""Commands that may wait for their answers: a second's worth; more are refused at once."""

RECONNECT_S: Final = 0.05
"""Between tries to connect: a restarted server is found at once, an absent one costs nothing."""

FIRST_CONNECT_S: Final = 1.0
"""How long a start waits for the store; without it the process starts all the same, closed."""

log = structlog.get_logger(__name__)


class NotSent(Exception):
    """The command did not leave this process: there is no connection, or too much waits."""


class AnswerLost(Exception):
    """The command left and its answer did not come: it may have been carried out."""


class Pipe(asyncio.Protocol):
    """A connection that is kept up while `keep` runs. Belongs to one event loop."""

    def __init__(self, settings: ValkeySettings) -> None:
        self._url = settings.redis_url
        self._timeout_s = settings.redis_timeout_s
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader()
        self._pending: deque[asyncio.Future[Any]] = deque()
        self._outgoing: list[bytes] = []
        self._closed = asyncio.Event()
        self._ready = asyncio.Event()
        self._lost_at_s = float("-inf")

    @property
    def connected(self) -> bool:
        """Whether commands can leave."""
        return self._transport is not None

    @property
    def lost_for_s(self) -> float:
        """How long ago the last connection ended."""
        return time.monotonic() - self._lost_at_s

    async def connected_within(self, limit_s: float) -> None:
        """Wait for the connection, ``limit_s`` at most."""
        if limit_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), limit_s)

    def call(self, *command: str | int | bytes) -> "asyncio.Future[Any]":
        """Send a command at the end of this turn; the future has its reply, errors as values.

        The future raises AnswerLost when the connection ends first. Raises NotSent.
        """
        if self._transport is None or len(self._pending) >= PENDING_MAX:
            raise NotSent
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]
        self._outgoing.append(packed)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending.append(answer)
        return answer

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Keep the connection up while inside; it is there at once if the server answers soon."""
        task = asyncio.create_task(self.keep(), name="purchase pipe")
        try:
            await self.connected_within(FIRST_CONNECT_S)
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def keep(self) -> None:
        """Connect, and connect again whenever the connection ends, until cancelled."""
        try:
            while True:
                try:
                    async with asyncio.timeout(self._timeout_s):
                        await self._connect()
                    self._ready.set()
                    await self._watch()
                except (OSError, AnswerLost, NotSent) as failed:
                    log.debug("store_unreachable", reason=str(failed))
                await asyncio.sleep(RECONNECT_S)
        finally:
            self._drop("closed")

    def data_received(self, data: bytes) -> None:
        """Hand each reply to the command that has waited longest."""
        self._reader.feed(data)
        while True:
            reply = self._reader.gets()
            if reply is False:
                return
            answer = self._pending.popleft()
            if not answer.done():
                answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Every command that left is of unknown outcome now."""
        self._drop(str(exc or "closed by the server"))

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None:
            self._transport.write(b"".join(outgoing))

    def _drop(self, reason: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            self._lost_at_s = time.monotonic()
            self._ready.clear()
            transport.abort()
        self._outgoing.clear()
        while self._pending:
            answer = self._pending.popleft()
            if not answer.done():
                answer.set_exception(AnswerLost(reason))
        self._closed.set()

    async def _connect(self) -> None:
        url: Any = parse_url(self._url)
        loop = asyncio.get_running_loop()
        self._reader, self._closed = hiredis.Reader(), asyncio.Event()
        transport: Any
        if "path" in url:
            transport, _ = await loop.create_unix_connection(lambda: self, url["path"])
        else:
            secure = ssl.create_default_context() if self._url.startswith("rediss") else None
            transport, _ = await loop.create_connection(
                lambda: self, url.get("host", "localhost"), url.get("port", 6379), ssl=secure
            )
        self._transport = transport
        user = [url["username"]] if url.get("username") else []
        if url.get("password"):
            await self._greet("AUTH", *user, url["password"])
        if url.get("db"):
            await self._greet("SELECT", url["db"])

    async def _greet(self, *command: str | int) -> None:
        reply = await self.call(*command)
        if isinstance(reply, Exception):
            self._drop("refused")
            raise NotSent(f"{command[0]}: {reply}")

    async def _watch(self) -> None:
        """Return when the connection has ended; end it when an answer is overdue."""
        while not self._closed.is_set():
            oldest = self._pending[0] if self._pending else None
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout_s):
                    await self._closed.wait()
            if oldest is not None and self._pending and self._pending[0] is oldest:
                self._drop("no answer in time")
