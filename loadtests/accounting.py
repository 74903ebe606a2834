"""CPU seconds of a process, from the system's own accounting."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil

_HAS_CPU_CLOCK: Final[bool] = sys.platform == "linux"
_SCHEDULER_CLOCK: Final = 2
"""CPUCLOCK_SCHED of linux/posix-timers.h: user and system time as the scheduler counts it."""


def cpu_s(pid: int) -> float:
    """User and system seconds that `pid` and its threads, ended ones too, have used so far.

    On Linux by the process's CPU clock (clock_getcpuclockid(3)), which counts nanoseconds; the
    same time is in /proc/<pid>/stat in ticks of 10 ms, too coarse for a short round. Elsewhere by
    psutil. Children are not in it: Valkey's, which rewrites its log now and then, must not be.

    Raises:
        ProcessLookupError: there is no such process.
    """
    if _HAS_CPU_CLOCK:
        try:
            return time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK)
        except OSError:
            raise ProcessLookupError(pid) from None
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        raise ProcessLookupError(pid) from None
    return float(times.user + times.system)


class Spent:
    """CPU seconds used inside a `measured` block; 0 until it has ended."""

    cpu_s: float = 0.0


@contextmanager
def measured(*pids: int) -> Iterator[Spent]:
    """Add up what these processes use while the block runs.

    Raises:
        ProcessLookupError: one of them has ended.
    """
    spent = Spent()
    before_s = sum(cpu_s(pid) for pid in pids)
    yield spent
    spent.cpu_s = sum(cpu_s(pid) for pid in pids) - before_s
