"""A store whose scripts read the time from a key: exact edges, and long nights without waiting.

The scripts run on the real server as they are, but for the one word that asks for its clock.
"""

from typing import Final

import pytest
import redis.asyncio

from lua import keys, scripts
from lua.store import Store

GENERATION: Final = 90
"""One of its own: the text of a script is kept by its generation."""
KEY: Final = "clock"
NOON_MS: Final = 20_500 * keys.DAY_MS + keys.DAY_MS // 2

_plain = scripts.text


class ClockedStore(Store):
    """Its time stands still until `set_clock` moves it. It begins on some noon."""

    now_ms: int = NOON_MS

    async def set_clock(self, now_ms: int) -> None:
        """Seconds and microseconds, as the command TIME gives them."""
        self.now_ms = now_ms
        seconds, ms = divmod(now_ms, 1_000)
        async with self.client.pipeline(transaction=True) as batch:
            batch.delete(KEY)
            batch.rpush(KEY, seconds, ms * 1_000 + 999)
            await batch.execute()

    async def pass_ms(self, ms: int) -> None:
        """Let this much time pass."""
        await self.set_clock(self.now_ms + ms)


def text(name: str, generation: int) -> str:
    """A script that reads its time from the key."""
    return _plain(name, generation).replace('call("TIME")', f'call("LRANGE", "{KEY}", 0, 1)')


async def clocked(client: "redis.asyncio.Redis", monkeypatch: pytest.MonkeyPatch) -> ClockedStore:
    """The store, its scripts loaded, its clock at noon."""
    monkeypatch.setattr(scripts, "text", text)
    store = ClockedStore(client, GENERATION)
    await store.load()
    await store.set_clock(NOON_MS)
    return store
