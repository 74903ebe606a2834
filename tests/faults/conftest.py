"""A shop of one's own for faults of workers; one whole stack for all other faults."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from tests.faults.rush import ORDERS, UNITS
from tests.settlement.shop import Shop, open_shop


@pytest.fixture
async def shop(
    valkey: "redis.asyncio.Redis", queue_valkey: "redis.asyncio.Redis", database_url: str
) -> AsyncIterator[Shop]:
    """An open sale on empty engines."""
    async with open_shop(valkey, database_url, units=UNITS, users=2 * ORDERS) as made:
        yield made
