"""What the worker does about money again and again: rows that are not done are queued again.

Each run is short, bounded, and safe to overlap with another worker's.
"""

import time
from datetime import timedelta
from typing import Final

from migrations.engine import raw_connection
from settlement.crons import Every
from settlement.jobs import names
from settlement.jobs.queue import Queue
from settlement.money import inbox, payment_rows, refund_rows
from settlement.money.context import Money
from settlement.money.reconcile import reconcile
from settlement.money.restock import restock_late

EXPIRING_MAX: Final = 100
REFUNDS_MAX: Final = 100
PROBES_MAX: Final = 50
WEBHOOKS_MAX: Final = 200
RESTOCKS_MAX: Final = 100
"""Of one run: what a second or two of one worker can do, so that runs do not pile up."""

RESTOCK_AFTER_S: Final = 5.0
"""A move that old was cut short; younger ones are under way."""

RECENT: Final = timedelta(minutes=15)
FULL_EVERY_S: Final = 3_600.0
"""Captures of the last minutes are compared each minute, all those of the last days each hour."""


class MoneyCrons:
    """The crons of money. Belongs to one worker."""

    def __init__(self, money: Money, queue: Queue) -> None:
        self._money = money
        self._queue = queue
        self._full_at_s = float("-inf")

    def all(self) -> list[Every]:
        """What to run, and how often."""
        return [
            Every("requeue_expiring", 1, self.requeue_expiring),
            Every("requeue_refunds", 1, self.requeue_refunds),
            Every("handle_inbox", 5, self.handle_inbox),
            Every("restock", 5, self.restock),
            Every("probe_stale", 10, self.probe_stale),
            Every("reconcile", 60, self.reconcile),
        ]

    async def requeue_expiring(self) -> int:
        """Queue the orders that wait for their provider to let go; returns how many."""
        async with raw_connection(self._money.engine) as connection:
            found = await payment_rows.read_expiring(connection, EXPIRING_MAX)
        return sum([await self._queue.enqueue(names.cancel_expiring(*one)) for one in found])

    async def requeue_refunds(self) -> int:
        """Queue the refunds that are due; returns how many."""
        async with raw_connection(self._money.engine) as connection:
            found = await refund_rows.read_due(connection, REFUNDS_MAX)
        return sum([await self._queue.enqueue(names.send_refund(one)) for one in found])

    async def probe_stale(self) -> int:
        """Queue the open payments nobody heard of for long; returns how many."""
        after_s = self._money.settings.payment_probe_after_s
        async with raw_connection(self._money.engine) as connection:
            found = await payment_rows.read_stale(connection, after_s, PROBES_MAX)
        return sum([await self._queue.enqueue(names.probe_payment(one)) for one in found])

    async def handle_inbox(self) -> int:
        """Handle webhooks that were kept and not handled; returns how many."""
        after_s = self._money.settings.webhook_retry_after_s
        return await inbox.handle_late(self._money, after_s, WEBHOOKS_MAX)

    async def restock(self) -> int:
        """Carry out restock moves that were cut short; returns how many."""
        return await restock_late(self._money, RESTOCK_AFTER_S, RESTOCKS_MAX)

    async def reconcile(self) -> int:
        """Compare the providers' captures with ours; returns how many had no verdict."""
        now_s = time.monotonic()
        if now_s - self._full_at_s < FULL_EVERY_S:
            return await reconcile(self._money, RECENT)
        found = await reconcile(self._money, timedelta(hours=self._money.settings.reconcile_hours))
        self._full_at_s = now_s
        return found
