"""Pipelines over one blocking Unix socket: the cheapest client there is."""

import itertools
import socket
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

import hiredis
from redis.connection import parse_url

TIMEOUT_S: Final = 30.0
READ_BYTES: Final = 65_536


class Pipe:
    """A connection to a Valkey. Not thread-safe."""

    def __init__(self, url: str) -> None:
        """Connect to a `unix://` URL and sign in. Raises OSError."""
        found: dict[str, Any] = dict(parse_url(url))  # type: ignore[no-untyped-call]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(TIMEOUT_S)
        self._socket.connect(found["path"])
        self._reader = hiredis.Reader()
        if found.get("password"):
            self.call("AUTH", found["password"])

    def call(self, *words: str | int | bytes) -> Any:
        """One command, one answer. Raises hiredis.ReplyError."""
        return next(self.pour([pack(*words)], depth=1))

    def pour(self, commands: Iterable[bytes], *, depth: int, ahead: int = 1) -> Iterator[Any]:
        """Send packed commands in pipelines of `depth`, at most `ahead` of them on their way.

        Yields the answers in order. Raises hiredis.ReplyError at the first error.
        """
        rest = iter(commands)
        on_their_way: deque[int] = deque()
        while True:
            chunk = list(itertools.islice(rest, depth))
            if chunk:
                self._socket.sendall(b"".join(chunk))
                on_their_way.append(len(chunk))
            elif not on_their_way:
                return
            if not chunk or len(on_their_way) >= ahead:
                for _ in range(on_their_way.popleft()):
                    yield self._answer()

    def drain(self, chunks: Sequence[bytes], depth: int) -> None:
        """Send ready-made chunks of `depth` commands, one at a time, and drop the answers."""
        for chunk in chunks:
            self._socket.sendall(chunk)
            for _ in range(depth):
                self._answer()

    def close(self) -> None:
        """Safe to call twice."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self) -> Any:
        # False: the reader has no whole answer yet.
        while (answer := self._reader.gets()) is False:
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise ConnectionError("Valkey closed the connection")
            self._reader.feed(data)
        if isinstance(answer, hiredis.ReplyError):
            raise answer
        return answer


def pack(*words: str | int | bytes) -> bytes:
    """One command as it goes over the wire."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed
