"""The stage of a run: everything starts when it is first asked for, and ends with the stage."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from flashsale.processes import Child, start_child
from flashsale.stack.engines import Engines, start_engines
from loadtests.stage import servers
from loadtests.stage.buyers import Buyers, insert_admin, insert_buyers
from loadtests.stage.database import Database
from loadtests.stage.lane import Lane
from loadtests.stage.pipe import Pipe
from loadtests.stage.sales import Admin
from loadtests.stage.sizes import Size
from lua import keys, scripts
from lua.embedded import EmbeddedValkey
from lua.embedded_config import ValkeySettings
from migrations.upgrade import upgrade

WEBHOOK_SECRET: Final = "whsec_of_the_bench"  # noqa: S105 - signs only what the bench sends itself
ALONE_PRODUCT: Final = 1
ALONE_UNITS: Final = 1_000_000_000
JOURNAL_MAX: Final = 10_000_000
"""Growth alone writes a million entries that nobody settles."""


class Alone:
    """A Valkey of its own with one open lane `{1.0}` that sells product 1, and nothing else."""

    def __init__(self, valkey: EmbeddedValkey, pipe: Pipe) -> None:
        self.pid = valkey.pid
        self.pipe = pipe
        self.lane = Lane(pipe, keys.lane_base(1, 0))


class Stage:
    """Use as a context manager; main thread only. `say` is told what takes long.

    The worker runs only inside `worker()`: two cores are for the process that is measured and the
    generator, and a settlement that is not measured would only make noise.
    """

    def __init__(self, size: Size, say: Callable[[str], None]) -> None:
        self.size = size
        self.say = say
        self._stops = ExitStack()
        self._alone_number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stops.close()

    @cached_property
    def secret_key(self) -> str:
        return secrets.token_urlsafe(48)

    @cached_property
    def engines(self) -> Engines:
        """Valkey, the queue's Valkey and Postgres with the newest schema, in a temporary place."""
        self.say("starting engines")
        engines = self._stops.enter_context(start_engines())
        upgrade(engines.postgres.url())
        return engines

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """What our processes and the peers are started with."""
        return {
            **self.engines.environment,
            "SECRET_KEY": self.secret_key,
            "ACCESS_TOKEN_EXPIRE_MINUTES": "60",
            "RATE_LIMITS": "off",
            "JOURNAL_MAX": str(JOURNAL_MAX),
            "LOG_LEVEL": "WARNING",
            "SIMULATOR_WEBHOOK_SECRET": WEBHOOK_SECRET,
            # Nobody listens there: what a provider would be asked must not leave the machine.
            "SIMULATOR_URL": "http://127.0.0.1:9",
        }

    @cached_property
    def gateway(self) -> servers.Server:
        """Our gateway, one process."""
        with self.worker():
            self.say("starting the gateway")
            return self._stops.enter_context(
                servers.gateway(self.environment, self.log_path("gateway"))
            )

    @cached_property
    def database(self) -> Database:
        database = Database(self.engines.postgres.url())
        self._stops.callback(database.close)
        return database

    @cached_property
    def buyers(self) -> Buyers:
        self.say(f"inserting {self.size.buyers:,} buyers")
        return insert_buyers(self.database, self.size.buyers, self.secret_key)

    @cached_property
    def admin(self) -> Admin:
        admin = Admin(self.gateway.port, insert_admin(self.database, self.secret_key))
        self._stops.callback(admin.close)
        return admin

    @cached_property
    def pipe(self) -> Pipe:
        """A connection to the engine's Valkey."""
        return self._stops.enter_context(Pipe(self.engines.valkey.url))

    def lane(self, base: str) -> Lane:
        """A lane of the engine's Valkey."""
        return Lane(self.pipe, base)

    @contextmanager
    def worker(self) -> Iterator[Child]:
        """Our worker, as long as the block; it has opened the store when the block begins."""
        with servers.worker(self.environment, self.log_path("worker"), self._serves) as child:
            yield child

    @contextmanager
    def peer(self, module: str, **environment: str) -> Iterator[servers.Server]:
        """One of `loadtests.peers`, as long as the block."""
        self.say(f"starting {module}")
        with servers.peer(
            module,
            {"SECRET_KEY": self.secret_key, **environment},
            self.log_path(module),
        ) as found:
            yield found

    @contextmanager
    def alone(self, *, hold_ttl_ms: int = 3_600_000) -> Iterator[Alone]:
        """A fresh Valkey, fsync `always`, without gateway, worker or Postgres."""
        self._alone_number += 1
        room = self._room / f"alone-{self._alone_number}"
        settings = ValkeySettings(data_dir=room)
        with EmbeddedValkey(settings, start_child) as valkey, Pipe(valkey.url) as pipe:
            for name in scripts.names():
                pipe.call("SCRIPT", "LOAD", scripts.text(name, 1))
            pipe.call("SET", keys.GENERATION, 1)
            found = Alone(valkey, pipe)
            terms = (0, 0, hold_ttl_ms, "USD", JOURNAL_MAX)
            found.lane.run("open", *terms, ALONE_PRODUCT, ALONE_UNITS, 1_999, 0)
            yield found

    def log_path(self, name: str) -> Path:
        """Where a process of ours writes what it has to say."""
        return self._room / f"{name}.log"

    @cached_property
    def _room(self) -> Path:
        import tempfile

        return Path(self._stops.enter_context(tempfile.TemporaryDirectory(prefix="fs-bench-")))

    def _serves(self) -> bool:
        return self.pipe.call("GET", keys.GENERATION) is not None
