"""One poller for every sale that somebody watches.

However many readers a sale has, the store is asked once a second. A reader takes the latest event
when it is ready for one, so a slow one misses the events between and holds nobody up.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from gateway.background import running
from gateway.problems import Refused
from gateway.process import Process
from gateway.sales.read_sale import read_rows, shown
from gateway.sales.sale import Sale, StateWord
from gateway.sales.sale_rows import ItemRow, SaleRow
from gateway.sales.store_numbers import read_numbers
from lua.store import StoreError

log = structlog.get_logger(__name__)

PERIOD_S: Final = 1.0
PING_S: Final = 15.0
"""Below the idle time-out of proxies, so that a quiet stream stays open."""
UNWATCHED_S: Final = 5.0
"""A sale is polled this long after its last reader has left: readers come back."""

PING: Final = b": ping\n\n"
RETRY: Final = b"retry: 2000\n\n"


class ItemUnits(Struct, frozen=True):
    """One item's units."""

    product_id: int
    units: int
    available: int
    held: int
    sold: int


class StockEvent(Struct, frozen=True):
    """What a reader is told. position: of the journal, also the event's id."""

    id: int
    state: StateWord
    position: str
    server_time: datetime
    items: list[ItemUnits]


class _Watched:
    """A sale that is polled, and its latest event."""

    def __init__(self, row: SaleRow, items: Sequence[ItemRow]) -> None:
        self.row = row
        self.items = items
        self.readers = 0
        self.left_s = time.monotonic()
        self.version = self.pings = 0
        self.event = b""
        self.news = asyncio.Event()
        self._last: tuple[object, ...] = ()

    def show(self, sale: Sale) -> None:
        """Make an event of it, unless nothing but the time has changed."""
        units = [
            ItemUnits(item.product_id, item.units, item.available, item.held, item.sold)
            for item in sale.items
        ]
        facts = (sale.state, sale.position, units)
        if facts == self._last:
            return
        self._last = facts
        told = StockEvent(sale.id, sale.state, sale.position, sale.server_time, units)
        self.event = b"event: stock\nid: %s\ndata: %s\n\n" % (
            sale.position.encode(),
            msgspec.json.encode(told),
        )
        self.version += 1
        self.wake()

    def wake(self) -> None:
        """Let every reader look."""
        self.news.set()
        self.news = asyncio.Event()


class SaleWatch:
    """The watched sales of this process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._watched: dict[int, _Watched] = {}
        self._loading = asyncio.Lock()
        self._readers = 0
        self._pinged_s = time.monotonic()

    def polling(self) -> AbstractAsyncContextManager[None]:
        """Poll while inside, until the process drains."""
        return running(self._run, "sale watch")

    async def watch(self, sale_id: int) -> AsyncIterator[bytes] | None:
        """The stream of a sale's events, its first one at once; None when there is no such sale.

        Raises Refused (overloaded), StoreError and what the database raises.
        """
        if self._readers >= self._process.settings.stream_readers_max:
            raise Refused("overloaded", "Too many watch already.", retry_after_s=5)
        async with self._loading:
            if sale_id not in self._watched:
                found = await read_rows(self._process, sale_id)
                if found is None or found[0].state == "draft":
                    return None
                watched = _Watched(*found)
                await self._poll(watched)
                self._watched[sale_id] = watched
        return self._events(self._watched[sale_id])

    async def _events(self, watched: _Watched) -> AsyncIterator[bytes]:
        seen = pings = 0
        sent_s = float("-inf")
        watched.readers += 1
        self._readers += 1
        self._process.metrics.stream_readers.inc()
        try:
            yield RETRY
            while not self._process.draining.is_set():
                news = watched.news
                if watched.version != seen:
                    # At most one a second, also just after the first, which came at once.
                    await asyncio.sleep(max(0.0, sent_s + PERIOD_S - time.monotonic()))
                    seen, pings, sent_s = watched.version, watched.pings, time.monotonic()
                    yield watched.event
                elif watched.pings != pings:
                    pings = watched.pings
                    yield PING
                else:
                    await news.wait()
        finally:
            watched.readers -= 1
            watched.left_s = time.monotonic()
            self._readers -= 1
            self._process.metrics.stream_readers.dec()

    async def _run(self) -> None:
        draining = self._process.draining
        while not draining.is_set():
            try:
                async with asyncio.timeout(PERIOD_S):
                    await draining.wait()
            except TimeoutError:
                await self.poll_once()
        for watched in self._watched.values():
            watched.wake()

    async def poll_once(self) -> int:
        """Ask the store about every watched sale; returns how many there are."""
        now_s = time.monotonic()
        for sale_id, watched in list(self._watched.items()):
            if not watched.readers and now_s - watched.left_s > UNWATCHED_S:
                del self._watched[sale_id]
        polled = list(self._watched.values())
        for failed in await asyncio.gather(
            *(self._poll(watched) for watched in polled), return_exceptions=True
        ):
            if isinstance(failed, StoreError):
                log.debug("sale watch cannot see", reason=type(failed).__name__)
            elif isinstance(failed, BaseException):
                log.error("sale watch failed", exc_info=failed)
        if now_s - self._pinged_s >= PING_S:
            self._pinged_s = now_s
            for watched in polled:
                watched.pings += 1
                watched.wake()
        return len(polled)

    async def _poll(self, watched: _Watched) -> None:
        row = watched.row
        numbers = await read_numbers(self._process.store, row.id, row.lanes)
        if numbers is not None or not watched.event:
            watched.show(shown(row, watched.items, numbers))
