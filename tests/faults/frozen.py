"""A process of the stack that sleeps for a while."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from loadtests.chaos.ground import Ground


@contextmanager
def frozen(ground: Ground, *words: str) -> Iterator[None]:
    """SIGSTOP the process whose command line has these words; SIGCONT it at the end."""
    pid = ground.pid_of(*words)
    os.kill(pid, signal.SIGSTOP)
    print(f"frozen: {words[-1]} pid {pid}")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
