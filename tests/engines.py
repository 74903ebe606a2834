"""Real engines for a test session, and what keeps one test apart from the next.

One pair of Valkeys and one Postgres serve the whole session; they are started by the same
launchers as the embedded stack, so they use free ports and die with the session.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Final

import asyncpg
import redis.asyncio

from flashsale.stack.engines import Engines

TEMPLATE: Final = "template_migrated"
_numbers = itertools.count(1)


@contextlib.asynccontextmanager
async def empty_valkey(url: str) -> AsyncIterator["redis.asyncio.Redis"]:
    """A client of a server without keys, scripts or functions."""
    client = redis.asyncio.Redis.from_url(url)
    try:
        await client.flushall()
        await client.script_flush()
        yield client
    finally:
        await client.aclose()


def create_database(engines: Engines, name: str, template: str | None = None) -> str:
    """Make a database, a copy of `template` if there is one. Gives its plain URL."""
    copied = "" if template is None else f' TEMPLATE "{template}"'
    _as_superuser(engines, f'CREATE DATABASE "{name}"{copied}')
    return engines.postgres.url(name)


def drop_database(engines: Engines, name: str) -> None:
    """Remove it, whoever is still connected."""
    _as_superuser(engines, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def fresh_database(engines: Engines, template: str | None) -> Iterator[str]:
    """The plain URL of a database of one's own, removed at the end."""
    name = f"test_{next(_numbers)}"
    yield create_database(engines, name, template)
    drop_database(engines, name)


def _as_superuser(engines: Engines, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(engines.postgres.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        runner.run(run())
