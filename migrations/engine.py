"""The pool of connections to Postgres, and what is asked of the server behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from migrations.address import parse
from migrations.connect import connect_with_retry
from migrations.settings import DatabaseSettings
from migrations.slow_queries import report, watch_queries
from migrations.unfit import NotDurable

SERVER_VERSION_MIN = 170000
"""transaction_timeout, which keeps a paused worker from holding rows, came with 17."""


_ASKED = ("server_version_num", "fsync", "full_page_writes", "synchronous_commit")


class PoolUse(msgspec.Struct, frozen=True):
    """Connections of one pool at this moment. `in_use` above `size` is overflow."""

    in_use: int
    idle: int
    size: int


def open_engine(settings: DatabaseSettings, *, read_only: bool = False) -> AsyncEngine:
    """A pool; it connects when first used. `await engine.dispose()` closes it.

    `read_only` uses `read_url` if there is one, and the server refuses every write.
    """
    url = settings.read_url if read_only and settings.read_url else settings.url
    engine = create_async_engine(
        parse(url),
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_recycle=settings.pool_recycle_s,
        pool_pre_ping=settings.pre_ping,
        hide_parameters=True,
        connect_args={
            "async_creator_fn": connect_with_retry,
            "timeout": settings.connect_timeout_s,
            "server_settings": _server_settings(settings, read_only=read_only),
        },
    )
    watch_queries(engine.sync_engine, settings.slow_query_ms, debug=settings.debug)
    engine.sync_engine.update_execution_options(
        slow_query_ms=settings.slow_query_ms, log_every_query=settings.debug
    )
    return engine


@asynccontextmanager
async def raw_connection(
    engine: AsyncEngine,
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A pooled connection as asyncpg sees it, for set-based writes; slow statements are logged.

    Nothing is begun: use `async with connection.transaction()`. A connection given back inside a
    transaction is closed instead of pooled.
    """
    options = engine.sync_engine.get_execution_options()

    def logged(query: asyncpg.connection.LoggedQuery) -> None:
        limit_ms, debug = options["slow_query_ms"], options["log_every_query"]
        report(query.query, query.elapsed * 1000, limit_ms, debug=debug)

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            with driver.query_logger(logged):
                yield driver
        except asyncpg.InternalClientError:
            # The server ended it while we were stopped: its protocol has lost its place.
            driver.terminate()
            raise
        finally:
            if driver.is_closed() or driver.is_in_transaction():
                await connection.invalidate()


def pool_use(engine: AsyncEngine) -> PoolUse:
    """What metrics show of the pool. Reads counters, asks nobody."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError("not an engine of open_engine")
    return PoolUse(in_use=pool.checkedout(), idle=pool.checkedin(), size=pool.size())


async def assert_durable(engine: AsyncEngine) -> None:
    """Return only if a commit that the server acknowledges survives the loss of its power.

    Raises:
        NotDurable: names the setting, what it is and what it must be.
        sqlalchemy.exc.DBAPIError, OSError: the server does not answer.
    """
    async with engine.connect() as connection:
        found = {name: str(await connection.scalar(text(f"SHOW {name}"))) for name in _ASKED}
    if int(found["server_version_num"]) < SERVER_VERSION_MIN:
        raise NotDurable("server_version_num", found["server_version_num"], "170000 or more")
    for setting in ("fsync", "full_page_writes"):
        if found[setting] != "on":
            raise NotDurable(setting, found[setting], "on")
    if found["synchronous_commit"] == "off":
        raise NotDurable("synchronous_commit", "off", "on (or local, remote_write, remote_apply)")


def _server_settings(settings: DatabaseSettings, *, read_only: bool) -> dict[str, str]:
    chosen = {
        "application_name": settings.application_name,
        "transaction_timeout": f"{round(settings.transaction_timeout_s * 1000)}ms",
        "timezone": "UTC",
        "jit": "off",  # compiling costs more than any of our statements takes
    }
    return chosen | {"default_transaction_read_only": "on"} if read_only else chosen
