"""A gateway on real engines, called in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import redis.asyncio

from gateway.app import Application, create_app
from gateway.settings import GatewaySettings
from lua import keys
from lua.settings import ValkeySettings
from lua.store import Store
from migrations.settings import DatabaseSettings
from settlement.drain.drainer import Drainer
from tests.gateway.desk import Desk
from tests.gateway.people import SECRET, People


@asynccontextmanager
async def running(database_url: str, redis_url: str, **settings: Any) -> AsyncIterator[Application]:
    """A gateway with its lifespan; ``settings`` are fields of GatewaySettings."""
    app = create_app(
        GatewaySettings(**({"secret_key": SECRET, "rate_limits": "off"} | settings)),
        ValkeySettings(redis_url=redis_url),
        DatabaseSettings(url=database_url, pool_size=4, max_overflow=8),
    )
    async with app.litestar.lifespan():
        yield app


def client_of(app: Application) -> httpx.AsyncClient:
    """A client of the application, over no socket."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


@pytest.fixture
async def store(valkey: "redis.asyncio.Redis") -> Store:
    """The store at generation 1, its scripts loaded."""
    found = Store(valkey, 1)
    await found.load()
    await valkey.set(keys.GENERATION, 1)
    return found


@pytest.fixture
async def app(engines: Any, database_url: str, store: Store) -> AsyncIterator[Application]:
    """A gateway without request limits."""
    async with running(database_url, engines.valkey.url) as application:
        yield application


@pytest.fixture
async def http(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that gateway."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def people(app: Application) -> People:
    """Makes customers and admins with tokens, without computing password hashes."""
    return People(app)


@pytest.fixture
async def desk(app: Application, http: httpx.AsyncClient, people: People) -> Desk:
    """An admin at work, and a drainer."""
    drainer = Drainer(app.process.store, app.process.database)
    return Desk(app, http, await people.admin(), people, drainer)
