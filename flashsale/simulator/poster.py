"""One connection to the receiver of webhooks: HTTP/1.1, kept alive, as little work as can be.

A general client costs half a millisecond a request, and a demo sends thousands in seconds.
"""

import asyncio
from typing import Final
from urllib.parse import urlsplit

import httptools

TIMEOUT_S: Final = 10.0
READ_BYTES: Final = 65_536


class Poster:
    """Sends bodies to one URL, one after the other."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            "content-type: application/json\r\nuser-agent: flashsale-simulator\r\n"
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Send ``body``; return the status of the answer. Raises OSError, TimeoutError."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{self._head}{lines}content-length: {len(body)}\r\n\r\n".encode() + body
        try:
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = await self._connected()
                writer.write(request)
                return await self._answer(reader)
        except BaseException:
            self.close()
            raise

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                self._host, self._port, ssl=True if self._tls else None
            )
        return self._streams

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        seen = _Seen()
        parser = seen.parser = httptools.HttpResponseParser(seen)
        while not seen.complete:
            read = await reader.read(READ_BYTES)
            if not read:
                raise ConnectionResetError("closed before the answer was complete")
            try:
                parser.feed_data(read)
            except httptools.HttpParserError as broken:
                raise ConnectionResetError(f"not an answer: {broken}") from broken
        status: int = parser.get_status_code()
        if not seen.keeps_alive:
            self.close()
        return status

    def close(self) -> None:
        """Drop the connection; the next `post` makes a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class _Seen:
    """What the parser tells; it forgets the headers when the message is complete."""

    parser: httptools.HttpResponseParser
    complete = keeps_alive = False

    def on_headers_complete(self) -> None:
        self.keeps_alive = bool(self.parser.should_keep_alive())

    def on_message_complete(self) -> None:
        self.complete = True
