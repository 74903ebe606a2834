"""A desk for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines
from tests.gateway.payments.desk import Desk, open_desk


@pytest.fixture
async def desk(
    engines: Engines, valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> AsyncIterator[Desk]:
    """Ten units, holds of five minutes."""
    async with open_desk(
        valkey, engines.valkey.url, database_url, short_dir, units=10, users=1
    ) as opened:
        yield opened
