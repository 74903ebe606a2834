"""Moves a database from one schema version to another, and tells which one it has.

Plain functions for command lines and set-up code; they run their own event loop, so call them in
a thread from async code. No ini file: the Alembic config is made here.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from migrations.address import parse
from migrations.connect import connect_with_retry
from migrations.unfit import WrongSchema

LOCK_KEY = 0x464C5348_4D494752
"""One migrator at a time; the key spells FLSHMIGR."""
LOCK_WAIT_S = 60.0
"""Longer than any migration should take; then the operator hears of it instead of waiting."""
LOCK_POLL_S = 0.1
TABLE_LOCK_TIMEOUT = "5s"
"""A migration that waits for a table blocks everybody behind it, so it rather fails."""

T = TypeVar("T")


class MigrationBusy(RuntimeError):
    """Another migrator holds the lock. Try again when it has finished."""


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database up to `revision`; a no-op if it is there. Safe to race.

    Raises:
        MigrationBusy: another migrator worked for more than LOCK_WAIT_S.
        ValueError: the URL is not one of Postgres.
    """
    asyncio.run(migrating(database_url, lambda config: command.upgrade(config, revision)))


def downgrade(database_url: str, revision: str = "base") -> None:
    """Take the database down to `revision`. Destroys data. Raises as `upgrade`."""
    asyncio.run(migrating(database_url, lambda config: command.downgrade(config, revision)))


def current(database_url: str) -> str | None:
    """The revision the database is at; None if it has no schema."""

    async def ask(connection: AsyncConnection) -> str | None:
        return await connection.run_sync(_revision)

    return asyncio.run(_connected(database_url, ask))


def newest() -> str | None:
    """The revision this program was written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


async def assert_current(engine: AsyncEngine) -> None:
    """Return only if the database is at exactly the revision this program was written for.

    Raises:
        WrongSchema: tells to run `flashsale migrate`.
    """
    async with engine.connect() as connection:
        found = await connection.run_sync(_revision)
    if found != newest():
        raise WrongSchema(found, newest())


def alembic_config(connection: Connection | None = None) -> Config:
    """A config without a file; `env.py` takes the connection from its attributes."""
    config = Config()
    here = str(Path(__file__).parent).replace("%", "%%")
    config.set_main_option("script_location", here)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def migrating(database_url: str, work: Callable[[Config], None]) -> None:
    """Run `work` with a config whose connection is open and holds the migration lock."""

    async def locked(connection: AsyncConnection) -> None:
        await _take_lock(connection)
        await connection.execute(text(f"SET lock_timeout = '{TABLE_LOCK_TIMEOUT}'"))
        await connection.commit()
        await connection.run_sync(lambda sync: work(alembic_config(sync)))
        await connection.commit()

    # The lock ends with the connection, however this ends.
    await _connected(database_url, locked)


async def _take_lock(connection: AsyncConnection) -> None:
    """Poll: a waiting `pg_advisory_lock` holds a snapshot, on which concurrent indexing waits."""
    give_up_at = time.monotonic() + LOCK_WAIT_S
    while not await connection.scalar(text("SELECT pg_try_advisory_lock(:k)"), {"k": LOCK_KEY}):
        await connection.rollback()
        if time.monotonic() > give_up_at:
            raise MigrationBusy(f"another migrator has held the lock for {LOCK_WAIT_S:.0f} s")
        await asyncio.sleep(LOCK_POLL_S)


async def _connected(database_url: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    engine = create_async_engine(
        parse(database_url),
        poolclass=NullPool,
        connect_args={
            "async_creator_fn": connect_with_retry,
            "server_settings": {"application_name": "flashsale migrate"},
        },
    )
    try:
        async with engine.connect() as connection:
            return await work(connection)
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
