"""Events on their way to the receiver: each is due at a time, sent by one of a few connections,
tried again with growing pauses for a day, and forgotten when it was taken."""

import asyncio
import contextlib
import heapq
import random
import time
from typing import Final

from flashsale.simulator.ledger import Ledger
from flashsale.simulator.poster import Poster
from flashsale.simulator.records import Event
from settlement.providers import simulator_signature as signature

SENDERS: Final = 16
FIRST_PAUSE_MS: Final = 200
LONGEST_PAUSE_MS: Final = 30_000
ATTEMPTS_MAX: Final = 3_000
"""At half a minute each: about a day, as real providers do."""


class Outbox:
    """Sends events until closed. ``delivered`` and ``tried`` count since the start."""

    def __init__(self, ledger: Ledger, url: str, secret: str) -> None:
        self.delivered = 0
        self.tried = 0
        self._ledger = ledger
        self._url = url
        self._secret = secret
        self._waiting: list[tuple[int, int, Event]] = []
        self._added = 0
        self._wake = asyncio.Event()
        self._sending: asyncio.Queue[Event] = asyncio.Queue(SENDERS)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def waiting(self) -> int:
        """Events that are not taken yet."""
        return len(self._waiting) + self._sending.qsize()

    def start(self) -> None:
        """Send from now on."""
        self._tasks = [asyncio.create_task(self._hand_out())]
        self._tasks += [asyncio.create_task(self._send_each()) for _ in range(SENDERS)]

    def add(self, event: Event) -> None:
        """Send an event when it is due."""
        self._added += 1
        heapq.heappush(self._waiting, (event.due_ms, self._added, event))
        self._wake.set()

    async def close(self) -> None:
        """Stop; what was not taken is in the ledger."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _hand_out(self) -> None:
        while True:
            self._wake.clear()
            while self._waiting and self._waiting[0][0] <= time.time() * 1000:
                await self._sending.put(heapq.heappop(self._waiting)[2])
            pause_s = self._waiting[0][0] / 1000 - time.time() if self._waiting else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    async def _send_each(self) -> None:
        poster = Poster(self._url)
        try:
            while True:
                await self._send(poster, await self._sending.get())
        finally:
            poster.close()

    async def _send(self, poster: Poster, event: Event) -> None:
        body = event.body.encode()
        headers = {signature.HEADER: signature.sign(self._secret, body, int(time.time()))}
        event.attempts += 1
        self.tried += 1
        try:
            taken = 200 <= await poster.post(body, headers) < 300
        except (OSError, TimeoutError):
            taken = False
        if taken:
            self.delivered += 1
            event.copies -= 1
        if event.copies <= 0 or event.attempts >= ATTEMPTS_MAX:
            self._ledger.drop("event", event.id)
        else:
            event.due_ms = int(time.time() * 1000) + (0 if taken else _pause_ms(event.attempts))
            self._ledger.put("event", event.id, event)
            self.add(event)
        await self._ledger.commit()


def _pause_ms(attempts: int) -> int:
    """How long to wait after so many attempts: doubled each time, up to as much again at random."""
    pause_ms = min(FIRST_PAUSE_MS * 2 ** min(attempts - 1, 16), LONGEST_PAUSE_MS)
    return int(pause_ms * (1 + random.random()))  # noqa: S311 - spreads load, keeps no secret
