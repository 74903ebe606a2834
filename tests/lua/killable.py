"""A Valkey of one test's own, that can be killed and started again on what it left behind."""

import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flashsale.processes import start_child
from lua.embedded import EmbeddedValkey, Running
from lua.embedded_config import ValkeySettings


class KillableValkey:
    """Start with `running`. `options` are words added to the server's command line."""

    def __init__(self, data_dir: Path, options: Sequence[str] = ()) -> None:
        self.settings = ValkeySettings(data_dir=data_dir)
        self._options = list(options)
        self._server = EmbeddedValkey(self.settings, self._spawn)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def aof_path(self) -> Path:
        """The file that the server appends to."""
        [found] = (name for name in self.logs if name.endswith(".incr.aof"))
        return self.settings.data_dir / "appendonlydir" / found

    @property
    def logs(self) -> list[str]:
        """The files that the server would read at a start, besides their list."""
        folder = self.settings.data_dir / "appendonlydir"
        return sorted(path.name for path in folder.iterdir() if path.suffix in {".rdb", ".aof"})

    def start(self) -> None:
        self._server = EmbeddedValkey(self.settings, self._spawn)
        self._server.start()
        self._server.wait_ready()

    def kill(self) -> None:
        os.kill(self._server.pid, signal.SIGKILL)
        self._server.stop()

    def stop(self) -> None:
        self._server.stop()

    def _spawn(
        self,
        command: Sequence[str],
        /,
        *,
        env: Mapping[str, str] | None,
        log_path: Path,
        stop_signal: signal.Signals,
        death_signal: signal.Signals,
    ) -> Running:
        return start_child(
            [*command, *self._options],
            env=env,
            log_path=log_path,
            stop_signal=stop_signal,
            death_signal=death_signal,
        )


@contextlib.contextmanager
def running(data_dir: Path, options: Sequence[str] = ()) -> Iterator[KillableValkey]:
    """A server on `data_dir` that is gone at the end."""
    server = KillableValkey(data_dir, options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
