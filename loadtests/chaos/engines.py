"""kill -9 of the engines of a running stack, and their start on what they left behind."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Final

import msgspec

from flashsale.stack.engines import Engines
from lua.embedded import EmbeddedValkey
from migrations.embedded import EmbeddedPostgres

DEATH_TIMEOUT_S: Final = 10.0
AOF: Final = "appendonlydir"


def kill_valkey(engines: Engines) -> str:
    """kill -9 the sale's Valkey. Gives the words for it."""
    return _kill("valkey", engines.valkey)


def start_valkey(engines: Engines) -> None:
    """Start it again on its own files, at its old address."""
    engines.valkey.start()
    engines.valkey.wait_ready()


def kill_postgres(engines: Engines) -> str:
    """kill -9 the postmaster; its children see that and end. Gives the words for it."""
    return _kill("postgres", engines.postgres)


def start_postgres(engines: Engines) -> None:
    """Start it again on its own files, at its old port."""
    postgres = engines.postgres
    postgres.settings = msgspec.structs.replace(postgres.settings, port=postgres.port)
    postgres.start()
    postgres.wait_ready()


def copy_store(engines: Engines, to: Path) -> None:
    """Copy the log of the store as a backup would, while the server runs."""
    shutil.copytree(engines.valkey.settings.data_dir / AOF, to)


def restore_store(engines: Engines, copy: Path) -> None:
    """Put an older copy in the place of the log; the server must be dead."""
    log = engines.valkey.settings.data_dir / AOF
    shutil.rmtree(log)
    shutil.copytree(copy, log)


def _kill(name: str, engine: EmbeddedValkey | EmbeddedPostgres) -> str:
    pid = engine.pid
    os.kill(pid, signal.SIGKILL)
    limit = time.monotonic() + DEATH_TIMEOUT_S
    while engine.alive:
        if time.monotonic() > limit:
            raise TimeoutError(f"{name} (pid {pid}) does not die")
        time.sleep(0.005)
    return f"{name} pid {pid}"
