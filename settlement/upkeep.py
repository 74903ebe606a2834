"""Keeps the store small: journals are trimmed, idle buyers swept, ended lanes forgotten."""

import time
from collections import deque
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import forget, keys, sweep, trim
from lua.journal import Position
from lua.store import Store
from migrations.engine import raw_connection
from settlement.drain.lanes import KEPT_AFTER_END_H, Lane, read_lanes

TRIM_BEHIND_S: Final = 600.0
"""Entries are kept this long after they are settled: a Postgres that is restored to a slightly
earlier point is caught up from the journal."""

SWEEP_SLICE: Final = 500
"""Buyers' records looked at in one call: below a millisecond."""

log = structlog.get_logger(__name__)


class Upkeep:
    """Remembers where each lane's cursor stood, to trim behind it, and where its sweep is."""

    def __init__(self, store: Store, engine: AsyncEngine, journal_max: int) -> None:
        self._store = store
        self._engine = engine
        self._journal_max = journal_max
        self._cursors: dict[str, deque[tuple[float, Position]]] = {}
        self._sweeps: dict[str, int] = {}

    async def run_once(self) -> int:
        """Trim, sweep and forget once; returns how many journal entries were dropped.

        Raises StoreUnreachable, and what the database raises.
        """
        async with raw_connection(self._engine) as connection:
            lanes = await read_lanes(connection)
            over = await connection.fetch(
                "SELECT sale_id, lane FROM journal_cursors"
                " WHERE retired_at < now() - make_interval(hours => $1)"
                " AND retired_at > now() - make_interval(hours => $1 + 24)",
                KEPT_AFTER_END_H,
            )
        for row in over:
            await forget.forget(self._store, keys.lane_base(row["sale_id"], row["lane"]))
        return sum([await self._keep_small(lane) for lane in lanes])

    async def _keep_small(self, lane: Lane) -> int:
        ceiling = lane.cursor.seq + self._journal_max
        outcome = await trim.trim(self._store, lane.base, self._keep_id(lane), ceiling)
        swept = await sweep.sweep(
            self._store, lane.base, self._sweeps.get(lane.base, 0), SWEEP_SLICE
        )
        if isinstance(swept, sweep.Swept):
            self._sweeps[lane.base] = swept.cursor
        return outcome.entries if isinstance(outcome, trim.Trimmed) else 0

    def _keep_id(self, lane: Lane) -> str:
        """The cursor of ten minutes ago, as far as this process remembers."""
        seen = self._cursors.setdefault(lane.base, deque())
        seen.append((time.monotonic(), lane.cursor))
        keep = trim.KEEP_ALL
        while seen and seen[0][0] <= time.monotonic() - TRIM_BEHIND_S:
            keep = str(seen.popleft()[1])
        return keep
