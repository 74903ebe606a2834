"""The stack's own processes: started, waited for, started again when they die, stopped in order."""

import contextlib
import functools
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from flashsale.processes import Child, start_child

POLL_S: Final = 0.02
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
STEADY_S: Final = 30.0
"""A child that lived this long is started again at once, as if it had never died before."""
TAIL_BYTES: Final = 2000


class ChildFailed(Exception):
    """A child ended or was not ready in time; names it, and carries the end of its log."""

    def __init__(self, name: str, what: str, log_path: Path) -> None:
        tail = log_path.read_bytes()[-TAIL_BYTES:].decode(errors="replace").strip()
        super().__init__(f"{name} {what}; its log {log_path} ends with\n{tail or '(nothing)'}")


class Spec(Struct, frozen=True, kw_only=True):
    """How a child is run. `ready` is asked until it is true; `keep_open` are inherited files."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    keep_open: Sequence[int] = ()
    ready: Callable[[], bool] = lambda: True
    ready_timeout_s: float = 60.0
    stop_timeout_s: float = 20.0


class _Running:
    """A child and what is known of its deaths."""

    def __init__(self, spec: Spec, child: Child) -> None:
        self.spec = spec
        self.child = child
        self.started_at = time.monotonic()
        self.pause_s = FIRST_PAUSE_S
        self.restart_at: float | None = None


class Children:
    """Children in the order in which they were started; stopped by group, last group first."""

    def __init__(self, log_dir: Path, tell: Callable[[str], None]) -> None:
        self._log_dir = log_dir
        self._tell = tell
        self._running: list[_Running] = []

    def log_path(self, name: str) -> Path:
        """Where a child's output goes."""
        return self._log_dir / f"{name}.log"

    def run_to_end(self, spec: Spec) -> None:
        """Run a child that is to end by itself with 0. Raises ChildFailed."""
        child = self._spawn(spec)
        try:
            code = child.wait(spec.ready_timeout_s)
        except TimeoutError:
            raise ChildFailed(
                spec.name, f"took more than {spec.ready_timeout_s:g} s", self.log_path(spec.name)
            ) from None
        finally:
            child.kill()
        if code != 0:
            raise ChildFailed(spec.name, f"ended with {code}", self.log_path(spec.name))

    @contextlib.contextmanager
    def started(self, specs: Sequence[Spec]) -> Iterator[None]:
        """Start a group of children at once; stop them together at the end."""
        group: list[_Running] = []
        try:
            for spec in specs:
                group.append(_Running(spec, self._spawn(spec)))
                self._running.append(group[-1])
            yield
        finally:
            for one in group:
                self._running.remove(one)
                one.child.send_signal(signal.SIGTERM)
            for one in group:
                one.child.stop(one.spec.stop_timeout_s)

    def wait_ready(self) -> None:
        """Return when every child is ready. Raises ChildFailed when one ends or takes too long."""
        for one in self._running:
            give_up_at = one.started_at + one.spec.ready_timeout_s
            while True:
                self._check_alive()
                if one.spec.ready():
                    break
                if time.monotonic() > give_up_at:
                    limit = f"is not ready after {one.spec.ready_timeout_s:g} s"
                    raise ChildFailed(one.spec.name, limit, self.log_path(one.spec.name))
                time.sleep(POLL_S)

    def revive(self) -> None:
        """Start again, after a pause that grows with each death, whatever has died."""
        now = time.monotonic()
        for one in self._running:
            if one.child.alive:
                continue
            if one.restart_at is None:
                if now - one.started_at > STEADY_S:
                    one.pause_s = FIRST_PAUSE_S
                one.restart_at = now + one.pause_s
                self._tell(
                    f"{one.spec.name} ended with {one.child.exit_code}"
                    f" (log: {self.log_path(one.spec.name)}); again in {one.pause_s:g} s"
                )
                one.pause_s = min(one.pause_s * 2, LONGEST_PAUSE_S)
            elif now >= one.restart_at:
                one.child, one.started_at, one.restart_at = self._spawn(one.spec), now, None

    def _check_alive(self) -> None:
        for one in self._running:
            if not one.child.alive:
                what = f"ended with {one.child.exit_code} before it was ready"
                raise ChildFailed(one.spec.name, what, self.log_path(one.spec.name))

    def _spawn(self, spec: Spec) -> Child:
        """The kernel kills it when we are gone: the engines are gone then too. It works where its
        log is, so that no .env of the working directory reaches it."""
        return start_child(
            spec.command,
            env=spec.env,
            cwd=self._log_dir,
            log_path=self.log_path(spec.name),
            keep_open=spec.keep_open,
            death_signal=signal.SIGKILL,
        )


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


flashsale = functools.partial(python, "flashsale.cli")
"""The command that runs a subcommand of the console script."""
