"""The whole engine on one machine: engines, schema, admin, worker, simulator, gateways."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from flashsale.stack.children import Children, Spec, flashsale, python
from flashsale.stack.data_dir import DataDir
from flashsale.stack.engines import Engines, start_engines
from flashsale.stack.probe import answers_200
from flashsale.stack.sockets import free_port, listening
from flashsale.variables import read_variables

ADMIN_EMAIL: Final = "admin@flashsale.example"
WATCH_INTERVAL_S: Final = 0.1
LOOPBACK: Final = "127.0.0.1"


class Options(Struct, frozen=True, kw_only=True):
    """What can be chosen. `data` None: a temporary directory. `port` 0: any free one.

    `settings`: variables of the gateways and the worker, before those that the stack gives them.
    """

    host: str = LOOPBACK
    port: int = 8000
    gateways: int = 1
    data: Path | None = None
    settings: Mapping[str, str] = {}


class Stack:
    """A running stack. Made by `start_stack`."""

    def __init__(
        self, engines: Engines, children: Children, environment: Mapping[str, str], url: str
    ) -> None:
        self.engines = engines
        self.children = children
        self.environment = environment
        self.url = url

    @property
    def data_dir(self) -> DataDir:
        return self.engines.data_dir

    @property
    def admin_email(self) -> str:
        return ADMIN_EMAIL

    @property
    def admin_password(self) -> str:
        return self.data_dir.secret("admin-password")

    @property
    def simulator_url(self) -> str:
        return self.environment["SIMULATOR_URL"]

    def facts(self) -> dict[str, str | bool]:
        """What `flashsale up` prints. The store by TCP: not every client knows Unix sockets."""
        return {
            "ready": True,
            "url": self.url,
            "database_url": self.environment["DATABASE_URL"],
            "redis_url": self.engines.valkey.tcp_url,
            "admin_email": self.admin_email,
            "admin_password": self.admin_password,
            "simulator_url": self.simulator_url,
            "data": str(self.data_dir.path),
        }

    def watch_once(self) -> None:
        """Start again what died. Raises EngineDied: without an engine nothing goes on."""
        self.engines.check()
        self.children.revive()

    def watch(self) -> None:
        """Return never; end by a signal (`stopped_by_signals`) or with `EngineDied`."""
        while True:
            self.watch_once()
            time.sleep(WATCH_INTERVAL_S)


@contextlib.contextmanager
def start_stack(options: Options, tell: Callable[[str], None]) -> Iterator[Stack]:
    """Start everything, wait until it is ready, and stop it in the order of its dependencies.

    Main thread only. `tell` gets what a person wants to know while it runs.

    Raises:
        DataDirInUse, EngineFailed, PortTaken, ChildFailed: what could not be started.
    """
    with start_engines(options.data) as engines, listening(options.host, options.port) as listener:
        data_dir = engines.data_dir
        host, port = _reached_at(listener)
        url = f"http://{host}:{port}"
        environment = _environment(engines, options.settings)
        children = Children(data_dir.room("logs"), tell)
        stack = Stack(engines, children, environment, url)
        files = (data_dir.lock_fd, listener.fileno())
        children.run_to_end(_spec("migrate", flashsale("migrate"), environment, data_dir))
        with (
            children.started([_simulator(stack, data_dir)]),
            children.started([_spec("worker", flashsale("worker"), environment, data_dir)]),
            children.started(
                [_gateway(n, environment, files, host, port) for n in range(options.gateways)]
            ),
        ):
            _make_admin(stack)
            children.wait_ready()
            yield stack


def _environment(engines: Engines, settings: Mapping[str, str]) -> dict[str, str]:
    """Ours before those of the shell and of .env, so that a forgotten DATABASE_URL harms nobody."""
    data_dir = engines.data_dir
    others = read_variables()
    others.pop("DATABASE_READ_URL", None)
    return {
        **others,
        "ENVIRONMENT": "dev",
        **settings,
        **engines.environment,
        "SECRET_KEY": data_dir.secret("secret-key"),
        "SIMULATOR_URL": f"http://{LOOPBACK}:{_simulator_port(data_dir)}",
        "SIMULATOR_WEBHOOK_SECRET": data_dir.secret("simulator-webhook-secret"),
    }


def _simulator_port(data_dir: DataDir) -> int:
    """The same one each time, if it is free: pay pages are remembered by their address."""
    path = data_dir.room("simulator") / "port"
    if path.exists():
        port = int(path.read_text())
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return port
    port = free_port()
    path.write_text(str(port))
    return port


def _spec(name: str, command: list[str], environment: Mapping[str, str], data_dir: DataDir) -> Spec:
    return Spec(name=name, command=command, env=environment, keep_open=(data_dir.lock_fd,))


def _simulator(stack: Stack, data_dir: DataDir) -> Spec:
    port = stack.simulator_url.rpartition(":")[2]
    command = python(
        "flashsale.simulator", "--port", port, "--data", str(data_dir.room("simulator")),
        "--webhook-url", f"{stack.url}/webhooks/simulator",
    )  # fmt: skip
    return Spec(
        name="simulator",
        command=command,
        env=stack.environment,
        keep_open=(data_dir.lock_fd,),
        ready=lambda: answers_200(LOOPBACK, int(port), "/healthz"),
    )


def _gateway(
    number: int, environment: Mapping[str, str], files: tuple[int, int], host: str, port: int
) -> Spec:
    """Ready means that the worker has opened the store, too."""
    return Spec(
        name=f"gateway-{number + 1}",
        command=flashsale("gateway", "--fd", str(files[1])),
        env=environment,
        keep_open=files,
        ready=lambda: answers_200(host, port, "/readyz"),
    )


def _make_admin(stack: Stack) -> None:
    """Once for a data directory: later the admin may have changed the password."""
    made = stack.data_dir.path / "admin-made"
    if made.exists():
        return
    environment = {**stack.environment, "FLASHSALE_ADMIN_PASSWORD": stack.admin_password}
    command = flashsale("user", "create-admin", ADMIN_EMAIL)
    stack.children.run_to_end(_spec("create-admin", command, environment, stack.data_dir))
    made.touch()


def _reached_at(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return (LOOPBACK if host == "0.0.0.0" else host), port  # noqa: S104 - compared, not bound
