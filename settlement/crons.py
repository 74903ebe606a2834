"""What the worker does again and again; each run is short and may overlap another worker's."""

from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.settings import ValkeySettings
from lua.store import Store
from migrations.engine import raw_connection
from settlement import expiry
from settlement.drain.drainer import OUTAGE
from settlement.drain.lanes import Lane, read_lanes
from settlement.stock_moves.end_sale import close_what_is_over
from settlement.stock_moves.finish import finish_open_moves
from settlement.upkeep import Upkeep
from settlement.watch_laws import LawWatch

TIMEOUT_S: Final = 10
"""Of one run. A run that is cut off is followed by the next tick's, which finds the rest."""


class Every(Struct, frozen=True):
    """Run ``run`` every ``period_s`` seconds (a divisor of 60); it returns how much it did."""

    name: str
    period_s: int
    run: Callable[[], Awaitable[int]]

    def __post_init__(self) -> None:
        if self.period_s < 1 or 60 % self.period_s:
            raise ValueError(f"{self.name}: period_s must divide 60")


class Crons:
    """The engine's own periodic work; money has its own (``settlement.money.crons``)."""

    def __init__(self, store: Store, engine: AsyncEngine, settings: ValkeySettings) -> None:
        self._store = store
        self._engine = engine
        self._grace_ms = settings.expiring_grace_s * 1000
        self._journal_max = settings.journal_max
        self._laws = LawWatch(store, engine)
        self._upkeep = Upkeep(store, engine, settings.journal_max)
        self._lanes: list[Lane] = []

    def all(self) -> list[Every]:
        """What to run, and how often."""
        return [
            Every("expire", 1, self.expire),
            Every("close_what_is_over", 1, self.close),
            Every("watch_laws", 1, self._laws.run_once),
            Every("finish_open_moves", 5, self.finish),
            Every("upkeep", 10, self._upkeep.run_once),
        ]

    async def expire(self) -> int:
        """End what is over. The lanes of the last run serve while Postgres is away."""
        try:
            async with raw_connection(self._engine) as connection:
                self._lanes = await read_lanes(connection)
        except OUTAGE:
            if not self._lanes:
                raise
        bases = [lane.base for lane in self._lanes]
        ended = await expiry.run_once(self._store, bases, self._grace_ms)
        return ended.released + ended.expiring

    async def close(self) -> int:
        """Close sales whose window has ended, and those whose last hold has."""
        return await close_what_is_over(self._store, self._engine)

    async def finish(self) -> int:
        """Carry on stock moves that a crash left."""
        return await finish_open_moves(self._store, self._engine, self._journal_max)
