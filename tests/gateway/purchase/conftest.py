"""A shop with an open sale, and a gateway in front of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis.asyncio

from gateway.app import Application
from tests.gateway.conftest import client_of, running
from tests.gateway.purchase.buyers import Front, announced
from tests.settlement.shop import Shop, open_shop


@pytest.fixture
async def shop(valkey: "redis.asyncio.Redis", database_url: str) -> AsyncIterator[Shop]:
    """100 units of one product, 1,000 users, no limit per user."""
    async with open_shop(valkey, database_url, users=1_000) as opened:
        await announced(opened)
        yield opened


@pytest.fixture
async def app(engines: Any, database_url: str, shop: Shop) -> AsyncIterator[Application]:
    """A gateway without request limits, connected."""
    async with running(database_url, engines.valkey.url) as application:
        yield application


@pytest.fixture
async def front(app: Application, shop: Shop) -> AsyncIterator[Front]:
    """Buyers of that shop, over HTTP."""
    async with client_of(app) as client:
        yield Front(client, shop)
