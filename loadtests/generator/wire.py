"""What the bench and a generator process tell each other over one socket pair.

`Job` goes in, `READY` comes back when every connection stands, `GO` starts the clock, `Report`
comes back. Both Structs travel as msgpack behind four bytes of length.
"""

import socket
import struct
from typing import Final

import msgspec

READY: Final = b"r"
GO: Final = b"g"
_LENGTH: Final = struct.Struct("!I")


class Job(msgspec.Struct, frozen=True):
    """What to send where. `host` and `port` of the server, or the path of its Unix socket; neither:
    the generator's own echo. `rate_per_s` None: as fast as answers come."""

    requests: list[bytes]
    connections: int
    host: str = ""
    port: int = 0
    uds: str = ""
    rate_per_s: float | None = None


class Report(msgspec.Struct):
    """What came back. `latencies_us` has one entry an answer; `cpu_s` is the generator's own time
    in the same `wall_s`. `samples`: the first body of each status. `troubles`: requests that were
    never answered, with the reason."""

    statuses: dict[int, int]
    latencies_us: list[int]
    troubles: list[str]
    samples: dict[int, bytes]
    wall_s: float
    cpu_s: float

    @property
    def answers(self) -> int:
        return len(self.latencies_us)

    @property
    def rate_per_s(self) -> float:
        return self.answers / self.wall_s

    @property
    def generator_share(self) -> float:
        """Part of one core that the generator used, 0..1."""
        return self.cpu_s / self.wall_s

    def percentile_ms(self, part: float) -> float:
        """The latency that `part` (0..1) of the answers did not exceed; 0 without answers."""
        ordered = sorted(self.latencies_us)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] / 1000 if ordered else 0.0


def send(peer: socket.socket, message: Job | Report) -> None:
    """Send one Struct, blocking."""
    body = msgspec.msgpack.encode(message)
    peer.sendall(_LENGTH.pack(len(body)))
    peer.sendall(body)


def receive_job(peer: socket.socket) -> Job:
    """Wait for a job. Raises EOFError when the other side has gone."""
    return msgspec.msgpack.decode(_receive(peer), type=Job)


def receive_report(peer: socket.socket) -> Report:
    """Wait for a report. Raises EOFError when the other side has gone."""
    return msgspec.msgpack.decode(_receive(peer), type=Report)


def expect(peer: socket.socket, word: bytes) -> None:
    """Wait for one word. Raises EOFError when another one comes, or none."""
    if peer.recv(1) != word:
        raise EOFError(f"the other side ended before {word!r}")


def _receive(peer: socket.socket) -> bytearray:
    (length,) = _LENGTH.unpack(_receive_exactly(peer, _LENGTH.size))
    return _receive_exactly(peer, length)


def _receive_exactly(peer: socket.socket, length: int) -> bytearray:
    body = bytearray(length)
    view, at = memoryview(body), 0
    while at < length:
        got = peer.recv_into(view[at:])
        if got == 0:
            raise EOFError("the other side ended in the middle of a message")
        at += got
    return body
