"""What one gateway process is made of. Built once by `create_app`, handed to every subject."""

import asyncio
from typing import Any

from litestar.connection import ASGIConnection
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.passwords import Passwords
from gateway.accounts.revocations import Revocations
from gateway.operations.metrics import Metrics
from gateway.payments.paying import Paying
from gateway.settings import GatewaySettings
from lua.connect import connect
from lua.settings import ValkeySettings
from lua.store import Store
from migrations.engine import open_engine
from migrations.settings import DatabaseSettings
from settlement.money.settings import MoneySettings
from settlement.providers.settings import ProviderSettings


class Process(Struct, frozen=True):
    """Connections are made when first used; `draining` is set when the process is asked to end,
    and long answers end themselves then. Belongs to one event loop."""

    settings: GatewaySettings
    valkey: ValkeySettings
    database: AsyncEngine
    reads: AsyncEngine
    """A read replica when there is one, else `database`: for reads that may be a little late."""
    store: Store
    revocations: Revocations
    passwords: Passwords
    payments: Paying
    metrics: Metrics
    draining: asyncio.Event


def build_process(
    settings: GatewaySettings,
    valkey: ValkeySettings,
    database: DatabaseSettings,
    providers: ProviderSettings,
    money: MoneySettings,
) -> Process:
    """Make the parts without touching the network."""
    engine = open_engine(database)
    store = Store(connect(valkey), generation=0)
    return Process(
        settings=settings,
        valkey=valkey,
        database=engine,
        reads=open_engine(database, read_only=True) if database.read_url else engine,
        store=store,
        revocations=Revocations(valkey),
        passwords=Passwords(settings.hash_threads, settings.hash_queue_max),
        payments=Paying(engine, store, valkey, providers, money),
        metrics=Metrics(),
        draining=asyncio.Event(),
    )


async def close_process(process: Process) -> None:
    """Close the pools; whatever used them has ended before."""
    process.passwords.close()
    await process.payments.close()
    await process.store.client.aclose()
    if process.reads is not process.database:
        await process.reads.dispose()
    await process.database.dispose()


def process_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Process:
    """The process that serves this request."""
    found: Process = connection.app.state.process
    return found
