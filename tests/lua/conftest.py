"""The scripts, loaded at generation 1, on the session's Valkey."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio
from hypothesis import settings

from flashsale.stack.engines import Engines
from lua.store import Store
from tests.lua import clock
from tests.lua.lanes import GENERATION, loaded

# Scripts run against a real server: a slow disk is no failure. Examples are the same on every run
# unless somebody asks for more with HYPOTHESIS_PROFILE=explore.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)


@pytest.fixture
async def busy_store(valkey: "redis.asyncio.Redis", engines: Engines) -> AsyncIterator[Store]:
    """The same with 64 connections; who finds none free waits. For hundreds of calls at a time."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        engines.valkey.url, max_connections=64, timeout=None
    )
    async with redis.asyncio.Redis(connection_pool=pool) as client:
        yield await loaded(client, GENERATION)
    await pool.disconnect()


@pytest.fixture
async def store(valkey: "redis.asyncio.Redis") -> Store:
    return await loaded(valkey, GENERATION)


@pytest.fixture
async def clocked(
    valkey: "redis.asyncio.Redis", monkeypatch: pytest.MonkeyPatch
) -> clock.ClockedStore:
    """A store whose time stands still until a test moves it."""
    return await clock.clocked(valkey, monkeypatch)
