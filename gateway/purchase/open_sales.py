"""Which sale sells a product: this process's memory of the store's map.

Told by a message when it changes, read whole every few seconds, and asked about one product when
somebody wants one that is not in it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from redis.asyncio.client import PubSub

from gateway.background import running
from lua import keys
from lua.connect import connect
from lua.settings import ValkeySettings
from lua.store import UNREACHABLE, Store, StoreUnreachable

READ_EVERY_S: Final = 5.0
"""A lost message is made good by then."""

POLL_S: Final = 1.0
RETRY_S: Final = 0.2

log = structlog.get_logger(__name__)


class OpenSales:
    """Product id to sale id, and the messages of the store that fast paths live by.

    ``on_returned(base, product, back)`` is called when units came back, ``on_lost()`` when messages
    may have been missed.
    """

    def __init__(
        self,
        settings: ValkeySettings,
        store: Store,
        on_returned: Callable[[str, int, int], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._on_returned = on_returned
        self._on_lost = on_lost
        self._sales: dict[int, int] = {}

    def sale_of(self, product: int) -> int | None:
        """Return the sale that sells ``product``, as far as this process knows."""
        return self._sales.get(product)

    async def ask(self, product: int) -> int | None:
        """Ask the store which sale sells ``product``, and remember it. Raises what redis raises."""
        found = await self._store.client.hget(  # type: ignore[misc]
            keys.PRODUCTS, str(product)
        )
        if found is None:
            self._sales.pop(product, None)
            return None
        self._sales[product] = int(found)
        return int(found)

    @asynccontextmanager
    async def feed(self) -> AsyncIterator[None]:
        """Listen and read while inside."""
        async with running(self._run, "open sales"):
            with suppress(*UNREACHABLE, StoreUnreachable):
                await self._read()
            yield

    async def _run(self) -> None:
        while True:
            client = connect(self._settings)
            try:
                async with client.pubsub() as channel:
                    await channel.subscribe(keys.SALES_CHANNEL, keys.RETURNED_CHANNEL)
                    await self._listen(channel)
            except (*UNREACHABLE, StoreUnreachable) as lost:
                log.debug("messages_lost", reason=str(lost))
            finally:
                self._on_lost()
                with suppress(*UNREACHABLE):
                    await client.aclose()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, channel: PubSub) -> None:
        read_at = float("-inf")
        while True:
            if time.monotonic() - read_at >= READ_EVERY_S:
                await self._read()
                read_at = time.monotonic()
            message: Any = await channel.get_message(timeout=POLL_S)
            if message is not None and message["type"] == "message":
                await self._hear(message["channel"], message["data"])

    async def _read(self) -> None:
        found = await self._store.client.hgetall(keys.PRODUCTS)  # type: ignore[misc]
        self._sales = {int(product): int(sale) for product, sale in found.items()}
        await self._store.refresh()

    async def _hear(self, channel: bytes, data: bytes) -> None:
        if channel == keys.RETURNED_CHANNEL.encode():
            base, product, back = data.decode().split(" ")
            self._on_returned(base, int(product), int(back))
        else:
            await self._read()
