"""CPU seconds of a process, from the system's own books (/proc on Linux, by psutil)."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil


def cpu_s(pid: int) -> float:
    """User and system seconds that `pid`, its threads and its living children have used so far.

    The kernel's books have a resolution of 10 ms, so measure a second at least. Children that
    ended between two readings are lost; none of the measured servers has short-lived ones.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    process = psutil.Process(pid)
    total_s = _own_s(process)
    for child in process.children(recursive=True):
        total_s += _own_s(child)
    return total_s


class Spent:
    """CPU seconds used inside a `measured` block; 0 until it has ended."""

    cpu_s: float = 0.0


@contextmanager
def measured(*pids: int) -> Iterator[Spent]:
    """Add up what these processes use while the block runs.

    Raises:
        psutil.NoSuchProcess: one of them has ended.
    """
    spent = Spent()
    before_s = sum(cpu_s(pid) for pid in pids)
    yield spent
    spent.cpu_s = sum(cpu_s(pid) for pid in pids) - before_s


def _own_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
