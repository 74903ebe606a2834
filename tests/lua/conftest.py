"""The scripts, loaded at generation 1, on the session's Valkey."""

import pytest
import redis.asyncio
from hypothesis import settings

from lua.store import Store
from tests.lua.lanes import GENERATION, loaded

# Scripts run against a real server: a slow disk is no failure. Examples are the same on every run
# unless somebody asks for more with HYPOTHESIS_PROFILE=explore.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)


@pytest.fixture
async def store(valkey: "redis.asyncio.Redis") -> Store:
    return await loaded(valkey, GENERATION)
