"""Starts the faulty worker, waits for its end or its freeze, and finds it gone at the end."""

import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from flashsale.processes import Child, start_child
from flashsale.stack.engines import Engines

START_TIMEOUT_S: Final = 30.0
ROOT: Final = Path(__file__).parents[2]


@contextmanager
def faulty_worker(
    engines: Engines,
    database_url: str,
    log_dir: Path,
    step: str,
    *,
    what: str = "SIGKILL",
    batch: int = 3,
    transaction_timeout_s: float = 5.0,
) -> Iterator[Child]:
    """Run a worker that gets the signal ``what`` at ``step`` of batch ``batch``."""
    environment = {
        **os.environ,
        "ENVIRONMENT": "dev",
        "DATABASE_URL": database_url,
        "DATABASE_TRANSACTION_TIMEOUT_S": str(transaction_timeout_s),
        "REDIS_URL": engines.valkey.url,
        "QUEUE_REDIS_URL": engines.queue.url,
        "SECRET_KEY": secrets.token_urlsafe(32),
    }
    command = [sys.executable, "-m", "tests.faults.faulty_worker", step, what, str(batch)]
    child = start_child(command, env=environment, log_path=log_dir / "worker.log", cwd=ROOT)
    try:
        yield child
    finally:
        child.kill()


def wait_for_death(child: Child, step: str) -> None:
    """Wait until it has died of its own SIGKILL, and say so."""
    assert child.wait(START_TIMEOUT_S) == -signal.SIGKILL
    print(f"killed -9: worker pid {child.pid} at {step}")


def wait_for_freeze(child: Child, step: str) -> None:
    """Wait until it has stopped itself, and say so."""
    limit = time.monotonic() + START_TIMEOUT_S
    while psutil.Process(child.pid).status() != psutil.STATUS_STOPPED:
        assert child.alive, f"the worker ended with {child.exit_code}"
        assert time.monotonic() < limit
        time.sleep(0.01)
    print(f"frozen: worker pid {child.pid} at {step}")
