"""One keep-alive connection: send, wait for the answer, send the next."""

import asyncio
from time import perf_counter
from typing import Final, Protocol, cast

from loadtests.generator.parse import Unreadable, find_end


class Book(Protocol):
    """Where requests come from and answers are written down."""

    def take(self) -> tuple[bytes, float] | None:
        """The next request and when it is due (perf_counter; 0: now); None: there are no more."""

    def answered(self, status: int, latency_s: float, answer: bytes) -> None:
        """An answer came; `answer` is all of it, head included."""

    def left(self, connection: "Connection", trouble: str | None) -> None:
        """This connection is done; with `trouble` its last request was never answered."""


class Connection(asyncio.Protocol):
    """Not pipelined: at most one request is on its way."""

    def __init__(self, book: Book, loop: asyncio.AbstractEventLoop) -> None:
        self._book: Final = book
        self._loop: Final = loop
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = b""
        self._sent_at = 0.0
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast and no check: uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.WriteTransport, transport)

    def start(self) -> None:
        """Send the first request."""
        self._next(perf_counter())

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        try:
            found = find_end(data)
        except Unreadable as unreadable:
            self._leave(str(unreadable))
            return
        if found is None or len(data) < found[1]:
            self._buffer = data
            return
        if len(data) > found[1] or not self._waiting:
            self._leave(f"more than was asked for: {data[found[1] :][:80]!r}")
            return
        self._buffer = b""
        self._waiting = False
        now = perf_counter()
        self._book.answered(found[0], now - self._sent_at, data)
        self._next(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._leave(f"connection lost: {exc}")

    def _next(self, now: float) -> None:
        taken = self._book.take()
        if taken is None:
            self._leave(None)
            return
        request, due = taken
        if due <= now:
            # Late or not paced. A late one counts from when it was due.
            self._send(request, due or now)
        else:
            self._loop.call_later(due - now, self._send, request, 0.0)

    def _send(self, request: bytes, sent_at: float) -> None:
        if self._transport is None:
            return
        self._sent_at = sent_at or perf_counter()
        self._waiting = True
        self._transport.write(request)

    def _leave(self, trouble: str | None) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._book.left(self, trouble)
