"""One function a fault: from its first kill until its cause is gone. What follows is the engine's.

Each takes a random generator for its timing and returns the words for what it did.
"""

import os
import random
import signal
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from loadtests.chaos.engines import (
    copy_store,
    kill_postgres,
    kill_valkey,
    restore_store,
    start_postgres,
    start_valkey,
)
from loadtests.chaos.ground import Ground
from loadtests.chaos.verdict import unsettled

Fault = Callable[[Ground, random.Random], str]
FREEZE_S: Final = 6.0
"""Longer than the worker's transaction timeout (5 s)."""

SETTLE_S: Final = 10.0


def worker_killed(ground: Ground, chance: random.Random) -> str:
    """kill -9 of the worker, twice in a row now and then."""
    killed = [ground.kill("worker")]
    if chance.random() < 0.5:
        ground.supervise(chance.uniform(0.5, 2.0))
        killed.append(ground.kill("worker"))
    return ", ".join(killed)


def worker_frozen(ground: Ground, chance: random.Random) -> str:
    """SIGSTOP of the worker for longer than its transactions may last."""
    pid = ground.pid_of("worker")
    os.kill(pid, signal.SIGSTOP)
    try:
        ground.supervise(FREEZE_S + chance.random())
    finally:
        os.kill(pid, signal.SIGCONT)
    return f"worker pid {pid} frozen"


def gateway_killed(ground: Ground, chance: random.Random) -> str:
    """kill -9 of the gateway at a random moment of its work."""
    ground.supervise(chance.random() * 0.2)
    return ground.kill("gateway")


def valkey_killed(ground: Ground, chance: random.Random) -> str:
    """kill -9 of the store; it starts on its own log."""
    killed = kill_valkey(ground.stack.engines)
    ground.supervise(chance.uniform(0, 1.5))
    start_valkey(ground.stack.engines)
    return killed


def valkey_killed_twice(ground: Ground, chance: random.Random) -> str:
    """The same again while the first recovery works."""
    first = valkey_killed(ground, chance)
    ground.supervise(chance.uniform(0, 0.8))
    return f"{first}, {valkey_killed(ground, chance)}"


def store_went_back(ground: Ground, chance: random.Random) -> str:
    """The store starts on an older copy of its log, when Postgres has all that it had."""
    with tempfile.TemporaryDirectory(prefix="fs-") as place:
        older = Path(place, "older")
        copy_store(ground.stack.engines, older)
        ground.supervise(chance.uniform(0.5, 2.0))
        with ground.closed_doors():
            ground.wait(lambda: not unsettled(ground), SETTLE_S, "settlement")
            killed = kill_valkey(ground.stack.engines)
            restore_store(ground.stack.engines, older)
            start_valkey(ground.stack.engines)
    return f"{killed}, back on an older log"


def postgres_killed(ground: Ground, chance: random.Random) -> str:
    """kill -9 of Postgres; it is away for some seconds."""
    killed = kill_postgres(ground.stack.engines)
    ground.supervise(chance.uniform(0, 4.0))
    start_postgres(ground.stack.engines)
    return killed


def everything_killed(ground: Ground, chance: random.Random) -> str:
    """Worker, gateway, store and Postgres at once."""
    engines = ground.stack.engines
    killed = [ground.kill("worker"), ground.kill("gateway")]
    killed += [kill_valkey(engines), kill_postgres(engines)]
    ground.supervise(chance.random())
    start_postgres(engines)
    start_valkey(engines)
    return ", ".join(killed)


FAULTS: Final[Mapping[str, Fault]] = {
    fault.__name__: fault
    for fault in (
        worker_killed,
        worker_frozen,
        gateway_killed,
        valkey_killed,
        valkey_killed_twice,
        store_went_back,
        postgres_killed,
        everything_killed,
    )
}
