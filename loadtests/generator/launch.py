"""Starts generator processes, holds them ready, fires them together, adds up their reports."""

import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from flashsale.processes import start_child
from loadtests.generator import wire
from loadtests.generator.wire import Job, Report

SATURATED_SHARE: Final = 0.9
"""A generator that used this much of its core may have been what limited the rate."""
STOP_TIMEOUT_S: Final = 5.0


class Poised:
    """Generators that are connected and wait for the word."""

    def __init__(self, generators: list[socket.socket]) -> None:
        self._generators = generators

    def fire(self) -> Report:
        """Let them run, once, and wait for the end.

        Raises:
            EOFError: a generator process died.
        """
        for generator in self._generators:
            generator.sendall(wire.GO)
        return merge([wire.receive_report(generator) for generator in self._generators])


@contextmanager
def poised(job: Job, *, processes: int = 1, log_path: Path | None = None) -> Iterator[Poised]:
    """Start `processes` generators that share the requests and the connections of `job`.

    Main thread only.

    Raises:
        EOFError: one could not connect to the server; its traceback is in `log_path`, or on stderr.
    """
    with ExitStack() as stops:
        ends = []
        for part in split(job, processes):
            ours, theirs = socket.socketpair()
            stops.enter_context(ours)
            with theirs:
                child = start_child(
                    [sys.executable, "-m", "loadtests.generator", str(theirs.fileno())],
                    keep_open=(theirs.fileno(),),
                    log_path=log_path,
                )
            stops.callback(child.stop, STOP_TIMEOUT_S)
            wire.send(ours, part)
            ends.append(ours)
        for end in ends:
            wire.expect(end, wire.READY)
        yield Poised(ends)


def split(job: Job, processes: int) -> list[Job]:
    """The same job for several generators: every request once, connections and rate shared."""
    return [
        msgspec.structs.replace(
            job,
            requests=job.requests[n::processes],
            connections=job.connections // processes,
            rate_per_s=job.rate_per_s / processes if job.rate_per_s else None,
        )
        for n in range(processes)
    ]


def merge(reports: list[Report]) -> Report:
    """One report of all: answers added, the longest time, the share of the busiest generator."""
    statuses: Counter[int] = Counter()
    samples: dict[int, bytes] = {}
    for report in reports:
        statuses.update(report.statuses)
        samples = report.samples | samples
    wall_s = max(report.wall_s for report in reports)
    return Report(
        statuses=dict(statuses),
        latencies_us=[each for report in reports for each in report.latencies_us],
        troubles=[each for report in reports for each in report.troubles],
        samples=samples,
        wall_s=wall_s,
        cpu_s=max(report.generator_share for report in reports) * wall_s,
    )
