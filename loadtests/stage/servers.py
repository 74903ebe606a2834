"""A server process, started and waited for."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from msgspec import Struct

from flashsale.processes import Child, start_child

HOST: Final = "127.0.0.1"
READY_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 15.0
POLL_S: Final = 0.02
FLASHSALE: Final = Path(sys.executable).with_name("flashsale")
# What the gateway is served with (loop, parser, one process, no access log) serves the peers too.
UVICORN: Final = (
    "--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-access-log",
    "--no-server-header", "--no-proxy-headers", "--log-level", "warning", "--backlog", "4096",
    "--timeout-keep-alive", "75",
)  # fmt: skip


class ServerFailed(Exception):
    """A server ended before it was ready, or never was; carries the end of its log."""


class Server(Struct, frozen=True):
    """A server that listens. `pid` is the process whose CPU counts."""

    name: str
    pid: int
    port: int


@contextmanager
def gateway(environment: Mapping[str, str], log_path: Path) -> Iterator[Server]:
    """Our gateway, one process, ready to sell."""
    port = free_port()
    with _running(
        "gateway",
        [str(FLASHSALE), "gateway", "--port", str(port)],
        environment,
        log_path,
        lambda: _answers_ready(port),
    ) as child:
        yield Server("gateway", child.pid, port)


@contextmanager
def peer(module: str, environment: Mapping[str, str], log_path: Path) -> Iterator[Server]:
    """A peer: `loadtests.peers.<module>`, whose `app` is served like our gateway."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"loadtests.peers.{module}:app", *UVICORN]
    with _running(
        module,
        [*command, "--host", HOST, "--port", str(port)],
        environment,
        log_path,
        lambda: _listens(port),
    ) as child:
        yield Server(module, child.pid, port)


@contextmanager
def worker(
    environment: Mapping[str, str], log_path: Path, ready: Callable[[], bool]
) -> Iterator[Child]:
    """Our worker; `ready` tells when it has done what it was started for first."""
    with _running("worker", [str(FLASHSALE), "worker"], environment, log_path, ready) as child:
        yield child


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    name: str,
    command: list[str],
    environment: Mapping[str, str],
    log_path: Path,
    ready: Callable[[], bool],
) -> Iterator[Child]:
    child = start_child(
        command, env={**os.environ, **environment}, log_path=log_path, stop_signal=signal.SIGTERM
    )
    try:
        give_up_at = time.monotonic() + READY_TIMEOUT_S
        while not ready():
            if not child.alive:
                raise ServerFailed(f"{name} ended with {child.exit_code}:\n{_tail(log_path)}")
            if time.monotonic() > give_up_at:
                raise ServerFailed(
                    f"{name} is not ready in {READY_TIMEOUT_S:.0f} s:\n{_tail(log_path)}"
                )
            time.sleep(POLL_S)
        yield child
    finally:
        child.stop(STOP_TIMEOUT_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _answers_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _tail(log_path: Path) -> str:
    return log_path.read_text(errors="replace")[-2000:] if log_path.exists() else "(no log)"
