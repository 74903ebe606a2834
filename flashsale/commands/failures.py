"""Known failures, as a message, a hint and an exit code. Any other is a bug and keeps its trace.

Failures are known by the names of their classes, so that telling them apart imports nothing.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

FAILED: Final = 1
WRONG_USAGE: Final = 2
UNREACHABLE: Final = 3

SERVERS_HINT: Final = "are DATABASE_URL and REDIS_URL right, and the servers up?"


class Told(NamedTuple):
    """What a person is told of a failure."""

    message: str
    hint: str = ""
    exit_code: int = FAILED


class CommandFailed(Exception):
    """A command knows what went wrong and says so."""

    def __init__(self, message: str, hint: str = "", exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.told = Told(message, hint, exit_code)


def explain(failure: BaseException) -> Told | None:
    """Return what to tell of a failure or of what caused it; None when it is not a known one."""
    if isinstance(failure, CommandFailed):
        return failure.told
    for kind in type(failure).__mro__:
        tell = _KNOWN.get(f"{kind.__module__}.{kind.__qualname__}")
        if tell is not None:
            return tell(failure)
    return None


def _wrong_settings(failure: Any) -> Told:
    lines = "".join(f"\n  {name} {reason}" for name, reason in failure.wrong.items())
    hint = "`flashsale config check` shows every setting and where it comes from"
    return Told(f"wrong settings:{lines}", hint, WRONG_USAGE)


def _store_unreachable(failure: Any) -> Told:
    return Told(f"Valkey does not answer: {failure}", "is REDIS_URL right?", UNREACHABLE)


def _database_unreachable(failure: Any) -> Told:
    hint = "is DATABASE_URL right, and the server up?"
    return Told(f"Postgres cannot be used: {failure}", hint, UNREACHABLE)


def _plain(hint: str = "", exit_code: int = FAILED) -> Callable[[Any], Told]:
    return lambda failure: Told(str(failure), hint, exit_code)


_KNOWN: Final[dict[str, Callable[[Any], Told]]] = {
    "flashsale.environment.WrongEnvironment": _wrong_settings,
    "flashsale.stack.data_dir.DataDirInUse": _plain("stop it first, or give another --data"),
    "flashsale.stack.engines.EngineDied": _plain(
        "start again: nothing that was acknowledged is lost"
    ),
    "flashsale.stack.children.ChildFailed": _plain(),
    "flashsale.stack.sockets.PortTaken": _plain("give another --port"),
    "lua.embedded_config.EngineFailed": _plain(),
    "migrations.embedded_cluster.EngineFailed": _plain(),
    "lua.connect.NotDurable": _plain("change the server's configuration"),
    "lua.store.StoreUnreachable": _store_unreachable,
    "migrations.unfit.UnfitDatabase": _plain(),
    "migrations.upgrade.MigrationBusy": _plain("try again when it has finished"),
    "settlement.drain.read_batch.JournalGap": _plain("see the runbook: recover --from-valkey"),
    "settlement.recovery.lock.RecoveryBusy": _plain("it will open the gates"),
    "asyncpg.exceptions._base.PostgresError": _database_unreachable,
    "asyncpg.exceptions._base.InterfaceError": _database_unreachable,
    "sqlalchemy.exc.DBAPIError": _database_unreachable,
    "redis.exceptions.ConnectionError": _store_unreachable,
    "httpx.TransportError": _plain("is --url right, and the gateway up?", UNREACHABLE),
    "builtins.ConnectionError": _plain(SERVERS_HINT, UNREACHABLE),
    "socket.gaierror": _plain("is the host's name right?", UNREACHABLE),
}
