"""A till for most tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio

from tests.settlement.money.till import Till, open_till


@pytest.fixture
async def till(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> AsyncIterator[Till]:
    """Ten units, holds of five minutes."""
    async with open_till(valkey, database_url, short_dir, units=10) as opened:
        yield opened
