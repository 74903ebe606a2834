"""A shop of one's own for faults of workers; one whole stack for all other faults."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis.asyncio

from loadtests.chaos.ground import Ground, open_ground
from tests.faults.rush import ORDERS, UNITS
from tests.settlement.shop import Shop, open_shop


@pytest.fixture
async def shop(
    valkey: "redis.asyncio.Redis", queue_valkey: "redis.asyncio.Redis", database_url: str
) -> AsyncIterator[Shop]:
    """An open sale on empty engines."""
    async with open_shop(valkey, database_url, units=UNITS, users=2 * ORDERS) as made:
        yield made


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """A whole stack that is supervised; each test opens a sale of its own in it."""
    with open_ground(print) as made:
        yield made
