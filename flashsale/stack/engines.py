"""The three engines of the embedded stack: two Valkeys (the sale's, the queue's) and Postgres."""

import contextlib
import functools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from flashsale.processes import start_child
from flashsale.stack.data_dir import DataDir, open_data_dir
from flashsale.stack.sockets import free_port
from lua.embedded import EmbeddedValkey
from lua.embedded_config import ValkeySettings
from migrations.embedded import EmbeddedPostgres, PostgresSettings

WATCH_INTERVAL_S: Final = 0.2


class EngineDied(Exception):
    """An engine ended while the stack was running; names it and its log."""


class Engines:
    """Running engines and where they are reached. Made by `start_engines`."""

    def __init__(
        self,
        data_dir: DataDir,
        valkey: EmbeddedValkey,
        queue: EmbeddedValkey,
        postgres: EmbeddedPostgres,
    ) -> None:
        self.data_dir = data_dir
        self.valkey = valkey
        self.queue = queue
        self.postgres = postgres

    @property
    def environment(self) -> Mapping[str, str]:
        """What the gateway and the worker need to find the engines."""
        return {
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.valkey.url,
            "QUEUE_REDIS_URL": self.queue.url,
        }

    def check(self) -> None:
        """
        Raises:
            EngineDied: one of them is not running any more.
        """
        for engine in (self.valkey, self.queue, self.postgres):
            if not engine.alive:
                raise EngineDied(f"an engine ended; its last words are in {engine.log_path}")

    def watch(self) -> None:
        """Return never; end by a signal (`stopped_by_signals`) or with `EngineDied`."""
        while True:
            self.check()
            time.sleep(WATCH_INTERVAL_S)


@contextlib.contextmanager
def start_engines(path: Path | None = None) -> Iterator[Engines]:
    """Start all three, wait until they are ready (0.6 s new, 0.2 s again), stop them at the end.

    `path` keeps data and passwords for the next start; None is a temporary directory. Main thread
    only. They die with us however we end.

    Raises:
        DataDirInUse: another stack runs there.
        EngineFailed: one did not start; `lua.embedded_config` and `migrations.embedded_cluster`
            have one each.
    """
    with open_data_dir(path) as data_dir, contextlib.ExitStack() as stops:
        spawn = functools.partial(start_child, keep_open=(data_dir.lock_fd,))
        valkey = EmbeddedValkey(_valkey_settings(data_dir, "valkey"), spawn)
        queue = EmbeddedValkey(_valkey_settings(data_dir, "queue"), spawn)
        postgres = EmbeddedPostgres(PostgresSettings(data_dir=data_dir.room("postgres")), spawn)
        for engine in (valkey, queue, postgres):
            stops.callback(engine.stop)
            engine.start()
        for engine in (valkey, queue, postgres):
            engine.wait_ready()
        yield Engines(data_dir, valkey, queue, postgres)


def _valkey_settings(data_dir: DataDir, name: str) -> ValkeySettings:
    return ValkeySettings(
        data_dir=data_dir.room(name),
        port=free_port(),
        password=data_dir.secret(f"{name}-password"),
    )
