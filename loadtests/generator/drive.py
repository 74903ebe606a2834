"""Sends the requests of a job over its connections, and keeps the book."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from loadtests.generator.connection import Connection
from loadtests.generator.parse import HEAD_END
from loadtests.generator.wire import Job, Report

SAMPLE_BYTES: Final = 400
# A server that has not answered anything for this long will not; the run is over.
SILENCE_S: Final = 15.0


class _Book:
    """The `Book` of one run."""

    def __init__(self, job: Job) -> None:
        self.statuses: dict[int, int] = {}
        self.latencies_us: list[int] = []
        self.samples: dict[int, bytes] = {}
        self.troubles: list[str] = []
        self.open: set[Connection] = set()
        self.done = asyncio.Event()
        self.started_at = 0.0
        self._requests = iter(job.requests)
        self._gap_s = 1 / job.rate_per_s if job.rate_per_s else 0.0
        self._taken = 0

    def take(self) -> tuple[bytes, float] | None:
        request = next(self._requests, None)
        if request is None:
            return None
        self._taken += 1
        return request, self.started_at + self._taken * self._gap_s if self._gap_s else 0.0

    def answered(self, status: int, latency_s: float, answer: bytes) -> None:
        self.latencies_us.append(int(latency_s * 1_000_000))
        if status in self.statuses:
            self.statuses[status] += 1
        else:
            self.statuses[status] = 1
            self.samples[status] = answer.partition(HEAD_END)[2][:SAMPLE_BYTES]

    def left(self, connection: Connection, trouble: str | None) -> None:
        if trouble is not None:
            self.troubles.append(trouble)
        self.open.discard(connection)
        if not self.open:
            self.done.set()


async def drive(job: Job, wait_for_go: Callable[[], None]) -> Report:
    """Connect all, call `wait_for_go` (it may block), send everything, give the report.

    Raises:
        OSError: the server cannot be reached.
    """
    book = _Book(job)
    await _connect_all(job, book)
    connections = list(book.open)
    wait_for_go()
    started_cpu_s, book.started_at = time.process_time(), time.perf_counter()
    for connection in connections:
        connection.start()
    await _until_done(book)
    return Report(
        statuses=book.statuses,
        latencies_us=book.latencies_us,
        troubles=book.troubles,
        samples=book.samples,
        wall_s=time.perf_counter() - book.started_at,
        cpu_s=time.process_time() - started_cpu_s,
    )


async def _connect_all(job: Job, book: _Book) -> None:
    loop = asyncio.get_running_loop()

    def make() -> Connection:
        return Connection(book, loop)

    for _ in range(min(job.connections, len(job.requests))):
        if job.uds:
            _, connection = await loop.create_unix_connection(make, job.uds)
        else:
            _, connection = await loop.create_connection(make, job.host, job.port)
        book.open.add(connection)


async def _until_done(book: _Book) -> None:
    answers = -1
    while not book.done.is_set():
        if answers == len(book.latencies_us):
            book.troubles += [f"silent for {SILENCE_S:.0f} s"] * len(book.open)
            return
        answers = len(book.latencies_us)
        try:
            await asyncio.wait_for(book.done.wait(), SILENCE_S)
        except TimeoutError:
            continue
