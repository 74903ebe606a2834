"""Start a child process that never outlives us, not even when we are killed with kill -9.

The one way in this project. A child stands in its own session, so that Ctrl-C in a terminal
reaches only us and we decide the order in which things stop.
"""

import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from flashsale import die_with_parent

SHIM: Final = Path(die_with_parent.__file__)
DeathWatch = Literal["prctl", "watch"]
DEATH_WATCH: Final[DeathWatch] = "prctl" if sys.platform == "linux" else "watch"
# A log past this size is set aside (one old one is kept) when its process starts again.
LOG_BYTES_MAX: Final = 16 * 1024 * 1024


class Child:
    """A running (or finished) child process."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, name: str, stop_signal: signal.Signals
    ) -> None:
        self._process = process
        self._stop_signal = stop_signal
        self.name = name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while alive; negative for the signal it died of."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> int:
        """The exit code, waited for.

        Raises:
            TimeoutError: still alive after `timeout_s`.
        """
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} (pid {self.pid}) is still running") from None

    def send_signal(self, number: signal.Signals) -> None:
        """Nothing happens when it has ended already."""
        self._process.send_signal(number)

    def stop(self, timeout_s: float = 10.0) -> int:
        """Ask it to end, wait, and kill its whole session when it has not. Gives the exit code."""
        if self.alive:
            self.send_signal(self._stop_signal)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """kill -9 it and everything in its session, and wait for it. Gives the exit code."""
        if self.alive:
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()


def start_child(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    log_path: Path | None = None,
    cwd: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGTERM,
    keep_open: Sequence[int] = (),
    death_watch: DeathWatch = DEATH_WATCH,
) -> Child:
    """Start `command`; give it at once, without waiting for anything.

    `env` replaces the environment (None: ours). `user` is who it runs as; only root can name one.
    `cwd` is entered before the change of user, so it may be where that user could not walk to.
    `log_path` gets stdout and stderr, appended (None: they are ours). `stop_signal` is what
    `Child.stop` sends, `death_signal` what the child gets when we are gone. `keep_open` are file
    descriptors it inherits.

    Raises:
        RuntimeError: not called from the main thread. The kernel's death signal is bound to the
            *thread* that started the child, so a child of a short-lived thread would die with it.
        KeyError: there is no such user.
        OSError: the interpreter of the shim could not be started. A command that cannot be run
            shows in the exit code and in the log.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a child must be started from the main thread: it dies with its thread")
    uid, gid = (-1, -1) if user is None else _ids(user)
    shim = [sys.executable, "-I", "-S", str(SHIM)]
    words = [os.getpid(), int(death_signal), uid, gid, death_watch]
    log = None if log_path is None else _open_log(log_path)
    try:
        process = subprocess.Popen(
            [*shim, *map(str, words), *command],
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=tuple(keep_open),
            start_new_session=True,
        )
    finally:
        if log is not None:
            os.close(log)
    return Child(process, name=Path(command[0]).name, stop_signal=stop_signal)


def _ids(user: str) -> tuple[int, int]:
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_name(path.name + ".old"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
