"""The loop that drains the journals: `run` over `run_once`, one connection, one lane set.

If it dies, the process exits and is started again; nothing is lost, the cursor is in Postgres.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import sqlalchemy.exc
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.store import Store, StoreUnreachable
from migrations.engine import raw_connection
from settlement.drain.lanes import Connection, Lane, read_lanes
from settlement.drain.read_batch import JournalGap, read_batches
from settlement.drain.settle import CursorMoved, DeadOrders, settle

BLOCK_MS: Final = 200
"""How long one read waits for the first entry: a new sale's lane is noticed in between."""

LANES_EVERY_S: Final = 0.5
"""How often the cursors are read again, for lanes that are new and cursors that others moved."""

PAUSE_S: Final = 0.25
"""After an outage of either store, before the next try; each try costs a connection at most."""

OUTAGE: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.TransactionTimeoutError,
    sqlalchemy.exc.DBAPIError,
    sqlalchemy.exc.TimeoutError,
    StoreUnreachable,
)
"""What passes by itself: read the cursors and try again."""

log = structlog.get_logger(__name__)


class Drainer:
    """Settles every lane's journal into Postgres.

    ``settled`` and ``set_aside`` count entries since the start. Several may run: whoever moves the
    cursor first wins, the others discard. Not to be shared between event loops.
    """

    def __init__(
        self, store: Store, engine: AsyncEngine, on_gap: Callable[[JournalGap], None] | None = None
    ) -> None:
        self.settled = 0
        self.set_aside = 0
        self.last_batch_at = 0.0
        self._store = store
        self._engine = engine
        self._on_gap = on_gap
        self._lanes: list[Lane] = []
        self._lanes_at = float("-inf")
        self._dead: DeadOrders | None = None

    async def run(self) -> None:
        """Drain until cancelled; outages are waited out. Raises JournalGap without ``on_gap``."""
        while True:
            try:
                await self._run_connected()
            except OUTAGE as outage:
                log.warning("drain_waits", reason=str(outage))
                await asyncio.sleep(PAUSE_S)
            except JournalGap as gap:
                if self._on_gap is None:
                    raise
                self._on_gap(gap)
                await asyncio.sleep(PAUSE_S)

    async def run_once(self, block_ms: int = 0) -> int:
        """Settle what there is now, one batch a lane; returns how many entries were settled."""
        async with raw_connection(self._engine) as connection:
            return await self._drain_once(connection, block_ms)

    async def drain(self) -> int:
        """Settle until nothing is left now; returns how many entries were settled."""
        total = 0
        async with raw_connection(self._engine) as connection:
            while settled := await self._drain_once(connection, 0):
                total += settled
        return total

    async def _run_connected(self) -> None:
        async with raw_connection(self._engine) as connection:
            while True:
                await self._drain_once(connection, BLOCK_MS)

    async def _drain_once(self, connection: Connection, block_ms: int) -> int:
        await self._read_lanes(connection, always=block_ms == 0)
        if not self._lanes:
            await asyncio.sleep(block_ms / 1000)
            return 0
        if self._dead is None:
            self._dead = await DeadOrders.read(connection)
        settled = 0
        for batch in await read_batches(self._store, self._lanes, block_ms):
            try:
                self.set_aside += await settle(connection, batch, self._dead)
            except CursorMoved:
                self._lanes_at = float("-inf")
                continue
            except BaseException:
                self._lanes_at = float("-inf")
                raise
            settled += len(batch.entries)
            self._moved(batch.lane, batch.end)
        self.settled += settled
        return settled

    def _moved(self, lane: Lane, end: Any) -> None:
        self.last_batch_at = time.time()
        at = self._lanes.index(lane)
        self._lanes[at] = Lane(lane.sale_id, lane.lane, end)

    async def _read_lanes(self, connection: Connection, *, always: bool) -> None:
        if always or time.monotonic() - self._lanes_at >= LANES_EVERY_S:
            self._lanes = await read_lanes(connection)
            self._lanes_at = time.monotonic()
