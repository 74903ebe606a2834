"""One recovery, deploy or opening of the gates at a time: a Postgres advisory lock."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from migrations.engine import raw_connection
from settlement.drain.lanes import Connection

LOCK_KEY: Final = 0x464C5348_52454356
"""Spells FLSHRECV."""

WAIT_S: Final = 60.0
"""Longer than the rebuild of a million orders; then the caller hears of it."""


class RecoveryBusy(Exception):
    """Another process recovers; it will open the gates."""


@asynccontextmanager
async def recovery_lock(engine: AsyncEngine, wait_s: float = WAIT_S) -> AsyncIterator[Connection]:
    """Hold the lock, on the connection that is yielded. Raises RecoveryBusy after ``wait_s``."""
    limit = time.monotonic() + wait_s
    async with raw_connection(engine) as connection:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            if time.monotonic() > limit:
                raise RecoveryBusy(f"another recovery has worked for {wait_s:.0f} s")
            await asyncio.sleep(0.1)
        try:
            yield connection
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)
