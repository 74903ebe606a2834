"""Checks the fast laws each second, and says loudly when one breaks and when it holds again."""

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.store import Store
from settlement.laws.check import check_fast

log = structlog.get_logger(__name__)


class LawWatch:
    """Remembers which laws were broken, so that each breach is told once."""

    def __init__(self, store: Store, engine: AsyncEngine) -> None:
        self.broken: set[str] = set()
        self._store = store
        self._engine = engine

    async def run_once(self) -> int:
        """Check; returns how many laws are broken. Raises what the stores raise."""
        laws = await check_fast(self._store, self._engine)
        broken = {law.name: law.detail for law in laws if not law.ok}
        for name, detail in broken.items():
            if name not in self.broken:
                log.critical("law_broken", law=name, detail=detail)
        for name in self.broken - broken.keys():
            log.warning("law_holds_again", law=name)
        self.broken = set(broken)
        return len(broken)
