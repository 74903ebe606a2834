"""What is checked once, when the process starts.

A server that answers and is unfit stops the start: the wrong schema, a setting that could lose an
acknowledged hold. One that does not answer does not: sales go on without Postgres, and the process
says that it is not ready until it has seen both.
"""

import structlog

from gateway.operations.readiness import assert_database_fits
from gateway.process import Process
from lua.connect import NotDurable as StoreNotDurable
from lua.connect import assert_durable
from lua.store import StoreUnreachable
from migrations.unfit import UnfitDatabase

log = structlog.get_logger(__name__)


async def start(process: Process) -> None:
    """Check both servers. Raises UnfitDatabase, lua.connect.NotDurable."""
    try:
        await assert_durable(process.store.client)
        await process.store.refresh()
    except StoreNotDurable:
        raise
    except StoreUnreachable as lost:
        log.warning("store unreachable at start", reason=type(lost.__cause__).__name__)
    try:
        await assert_database_fits(process.database)
    except UnfitDatabase:
        raise
    except Exception as lost:
        log.warning("database unreachable at start", reason=type(lost).__name__)
    process.metrics.watch_pool(process.database)
    log.info(
        "started", environment=process.settings.environment, generation=process.store.generation
    )
