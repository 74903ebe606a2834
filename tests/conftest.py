"""Fixtures for everybody. Async tests and fixtures are run by anyio, on asyncio."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines, start_engines
from tests.engines import TEMPLATE, create_database, empty_valkey, fresh_database


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Two Valkeys and Postgres for the session, started when the first test asks (0.5 s)."""
    with start_engines() as running:
        yield running


@pytest.fixture
async def valkey(engines: Engines) -> AsyncIterator["redis.asyncio.Redis"]:
    """A client (answers are bytes) of the sale's Valkey, emptied of keys and scripts."""
    async with empty_valkey(engines.valkey.url) as client:
        yield client


@pytest.fixture
async def queue_valkey(engines: Engines) -> AsyncIterator["redis.asyncio.Redis"]:
    """The same for the queue's Valkey."""
    async with empty_valkey(engines.queue.url) as client:
        yield client


@pytest.fixture(scope="session")
def migrated_template(engines: Engines) -> str:
    """The name of a database with the newest schema, migrated once a session."""
    from migrations.upgrade import upgrade

    upgrade(create_database(engines, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(engines: Engines, migrated_template: str) -> Iterator[str]:
    """The plain `postgresql://` URL of a fresh database with the newest schema."""
    with fresh_database(engines, migrated_template) as url:
        yield url


@pytest.fixture
def empty_database_url(engines: Engines) -> Iterator[str]:
    """The plain URL of a fresh database without any schema."""
    with fresh_database(engines, None) as url:
        yield url


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A temporary folder with a short path (pytest's own are too long for a Unix socket)."""
    with tempfile.TemporaryDirectory(prefix="fs-") as name:
        yield Path(name)
