"""uvicorn's HTTP protocol with one system call an answer instead of two.

uvicorn writes the head and the body of an answer apart, and uvloop sends each at once. Here what is
written in one turn of the event loop leaves together at its end; a stream still gets each part in
the turn in which it was written.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite(HttpToolsProtocol):
    """The protocol that the gateway serves with."""

    def connection_made(self, transport: Any) -> None:
        """Put the cork between the protocol and its transport."""
        super().connection_made(_Cork(transport, self.loop))  # type: ignore[arg-type]


class _Cork:
    """A transport that gathers what is written in one turn of the loop."""

    __slots__ = (
        "_gathered",
        "_loop",
        "_transport",
        "is_closing",
        "pause_reading",
        "resume_reading",
    )

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered: list[bytes] = []
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        """Keep ``data`` until the end of this turn."""
        if not self._gathered:
            self._loop.call_soon(self._send)
        self._gathered.append(data)

    def close(self) -> None:
        """Send what was gathered, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._gathered:
            data = b"".join(self._gathered)
            self._gathered.clear()
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
