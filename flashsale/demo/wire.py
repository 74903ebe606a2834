"""HTTP/1.1 over kept connections, one request at a time on each: what thousands of buyers cost."""

import asyncio
import time
from collections import deque
from typing import Any, Final

import httptools
import msgspec
from msgspec import Struct

TIMEOUT_S: Final = 15.0
"""Longer than the gateway lets anything take."""


class Lost(Exception):
    """The connection ended before the answer came: whether it was carried out is not known."""


class Answer(Struct, frozen=True):
    """One answer; names of headers are in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    took_s: float

    def json(self) -> Any:
        """The body. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The code of a problem; "" for anything else."""
        if not self.headers.get(b"content-type", b"").startswith(b"application/problem+json"):
            return ""
        return str(self.json().get("code", ""))

    @property
    def retry_after_s(self) -> float:
        """What the server asks to wait; 1 when it does not say."""
        return float(self.headers.get(b"retry-after", b"1"))


class _Connection(asyncio.Protocol):
    """One connection; `answer` is of the request that is under way."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[tuple[int, dict[bytes, bytes], bytes]] | None = None
        self.usable = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self.usable = transport, True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.usable = False
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(Lost("the connection ended"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def send(self, request: bytes) -> "asyncio.Future[tuple[int, dict[bytes, bytes], bytes]]":
        """Send a request and give the future of its answer."""
        if self.transport is None:
            raise Lost("not connected")
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer

    def close(self) -> None:
        """Hang up."""
        self.usable = False
        if self.transport is not None:
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.usable = False
        if self.answer is not None and not self.answer.done():
            found = (self._parser.get_status_code(), self._headers, bytes(self._body))
            self.answer.set_result(found)


class Wire:
    """Connections to one server, shared by everybody who calls it. Belongs to one event loop."""

    def __init__(self, host: str, port: int, connections: int) -> None:
        self.host = host
        self.port = port
        self._free = asyncio.Semaphore(connections)
        self._idle: deque[_Connection] = deque()

    async def call(
        self, method: str, path: str, *, token: str = "", key: str = "", body: Any = None
    ) -> Answer:
        """Send a request and wait for its answer. Raises Lost."""
        request = self._encode(method, path, token, key, body)
        async with self._free:
            connection = await self._connect()
            began_s = time.perf_counter()
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    status, headers, got = await connection.send(request)
            except TimeoutError:
                connection.close()
                raise Lost(f"no answer in {TIMEOUT_S:g} s") from None
            finally:
                if connection.usable and connection.answer and connection.answer.done():
                    self._idle.append(connection)
                else:
                    connection.close()
        return Answer(status, headers, got, time.perf_counter() - began_s)

    async def hang_up_after(
        self, wait_s: float, method: str, path: str, *, token: str, key: str, body: Any
    ) -> None:
        """Send a request and hang up without the answer, as a phone in a tunnel does."""
        request = self._encode(method, path, token, key, body)
        async with self._free:
            connection = await self._connect()
            answer = connection.send(request)
            answer.add_done_callback(lambda done: done.exception())
            await asyncio.sleep(wait_s)
            connection.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    async def _connect(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(_Connection, self.host, self.port)
        except OSError as refused:
            raise Lost(str(refused)) from refused
        return connection

    def _encode(self, method: str, path: str, token: str, key: str, body: Any) -> bytes:
        content = b"" if body is None else msgspec.json.encode(body)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if key:
            lines.append(f"Idempotency-Key: {key}")
        if body is not None:
            lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(content)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
