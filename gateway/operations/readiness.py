"""What must be true before this process may be sent customers; kept for a second."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Final

import structlog
from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.process import Process
from lua.connect import NotDurable as StoreNotDurable
from lua.connect import assert_durable as assert_store_durable
from lua.store import Store
from migrations.engine import assert_durable
from migrations.unfit import UnfitDatabase
from migrations.upgrade import assert_current

log = structlog.get_logger(__name__)

KEPT_S: Final = 1.0
CHECK_TIMEOUT_S: Final = 2.0
"""Below the usual timeout of a load balancer's probe, so that it gets an answer with reasons."""


class Check(Struct, frozen=True):
    """One condition; ``detail`` says what is the matter, and holds no address and no secret."""

    name: str
    ok: bool
    detail: str = ""


class Readiness:
    """The checks of one process. Durability and schema are looked at until they were seen once."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._checks: list[Check] = []
        self._asked_s = 0.0
        self._lock = asyncio.Lock()
        self._database_seen = self._store_seen = False

    async def checks(self) -> list[Check]:
        """Every check, at most a second old, except draining, which is always of now."""
        async with self._lock:
            if time.monotonic() - self._asked_s > KEPT_S:
                found = await asyncio.gather(
                    _within(self._store(), "valkey"), _within(self._database(), "postgres")
                )
                self._checks, self._asked_s = list(found), time.monotonic()
        draining = self._process.draining.is_set()
        return [*self._checks, Check("draining", not draining, "shutting down" if draining else "")]

    async def _store(self) -> Check:
        store = self._process.store
        if not self._store_seen:
            await assert_store_durable(store.client)
            self._store_seen = True
        return await _serves(store)

    async def _database(self) -> Check:
        engine = self._process.database
        if not self._database_seen:
            await assert_database_fits(engine)
            self._database_seen = True
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return Check("postgres", ok=True)


async def assert_database_fits(engine: AsyncEngine) -> None:
    """Durable, and at this program's schema. Raises UnfitDatabase, or why it is unreachable."""
    await assert_durable(engine)
    await assert_current(engine)


async def _serves(store: Store) -> Check:
    """The store serves a generation, and this process can run its scripts."""
    if await store.refresh() == 0:
        return Check("valkey", ok=False, detail="no generation: recovery has not finished")
    if not await store.has_scripts():
        return Check("valkey", ok=False, detail=f"no scripts of generation {store.generation}")
    return Check("valkey", ok=True)


async def _within(check: Awaitable[Check], name: str) -> Check:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check
    except (StoreNotDurable, UnfitDatabase) as unfit:
        return Check(name, ok=False, detail=str(unfit))
    except Exception as lost:
        log.warning("not ready", check=name, reason=type(lost).__name__)
        return Check(name, ok=False, detail="unreachable")
