"""Webhooks of a moment, handled together: one statement, one pipeline, one statement for all.

A batch is what has come in while the batches before it were on their way, so it grows with the
load and costs an idle gateway no wait.
"""

import asyncio
from typing import Final

import asyncpg

from settlement.money import inbox
from settlement.money.context import Money
from settlement.money.inbox import Verdict
from settlement.providers.protocol import Event

BATCH_MAX: Final = 128
"""Some 10 ms of work, so that a batch keeps nobody waiting for long."""

BATCHES_MAX: Final = 2
"""On their way at once: one waits for the disk of Postgres, the other for the store's."""

WAITING_MAX: Final = 4_096
"""More are refused; providers try again."""


BAD_EVENT: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""SQLSTATE classes 22 and 23 blame what was written, everything else the server."""


class TooManyWaiting(Exception):
    """The webhook was not taken: too many wait."""


class WebhookBatches:
    """Belongs to one event loop."""

    def __init__(self, money: Money) -> None:
        self._money = money
        self._waiting: list[tuple[str, Event, asyncio.Future[Verdict]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._scheduled = False

    def add(self, provider: str, event: Event) -> "asyncio.Future[Verdict]":
        """Handle an event with those of this moment. Raises TooManyWaiting.

        The future raises what the database raises; then nothing may be assumed.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise TooManyWaiting
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Verdict] = loop.create_future()
        self._waiting.append((provider, event, done))
        if not self._scheduled and len(self._under_way) < BATCHES_MAX:
            self._scheduled = True
            loop.call_soon(self._send)
        return done

    async def close(self) -> None:
        """Wait for the batches that are on their way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _send(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._under_way) < BATCHES_MAX:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            task = asyncio.get_running_loop().create_task(self._handle(batch))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._send()

    async def _handle(self, batch: list[tuple[str, Event, "asyncio.Future[Verdict]"]]) -> None:
        try:
            verdicts = await inbox.receive(
                self._money, [(provider, event) for provider, event, _ in batch]
            )
        except BAD_EVENT as failed:
            if len(batch) == 1:
                batch[0][2].set_exception(failed)
                return
            # One event that Postgres refuses must not keep the others from being taken.
            for one in batch:
                await self._handle([one])
            return
        except Exception as failed:
            for _, _, done in batch:
                if not done.done():
                    done.set_exception(failed)
            return
        for (_, _, done), verdict in zip(batch, verdicts, strict=True):
            if not done.done():
                done.set_result(verdict)
