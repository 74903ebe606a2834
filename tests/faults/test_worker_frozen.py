"""A worker that is stopped in the middle and wakes up later settles nothing twice."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from flashsale.stack.engines import Engines
from tests.faults.faulty_worker import BATCH_ENTRIES
from tests.faults.rush import (
    ORDERS,
    SETTLED_ENTRIES,
    broken_laws,
    entries_settled,
    rush,
    states_expected,
    states_settled,
)
from tests.faults.workers import faulty_worker, wait_for_freeze
from tests.settlement.shop import Shop

TRANSACTION_TIMEOUT_S = 1.0
ENTRIES = SETTLED_ENTRIES + 4 * BATCH_ENTRIES


@pytest.mark.parametrize("step", ["after_read", "before_commit"])
async def test_nothing_is_settled_twice(
    shop: Shop, engines: Engines, database_url: str, tmp_path: Path, step: str
) -> None:
    """In its transaction it holds the cursor's row, but no longer than its time limit."""
    orders = await rush(shop)
    with faulty_worker(
        engines, database_url, tmp_path, step,
        what="SIGSTOP", batch=2, transaction_timeout_s=TRANSACTION_TIMEOUT_S,
    ) as zombie:  # fmt: skip
        wait_for_freeze(zombie, step)
        began_s = time.monotonic()
        async with asyncio.timeout(10):
            await shop.drainer.drain()
        assert time.monotonic() - began_s < TRANSACTION_TIMEOUT_S + 2
        assert await entries_settled(shop) == ENTRIES
        await asyncio.sleep(max(0, began_s + TRANSACTION_TIMEOUT_S + 0.5 - time.monotonic()))
        zombie.send_signal(signal.SIGCONT)
        late = [await shop.held(user) for user in range(ORDERS + 1, ORDERS + 11)]
        async with asyncio.timeout(10):
            while await entries_settled(shop) < ENTRIES + len(late):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)
        assert zombie.alive
    assert await states_settled(shop) == states_expected(orders) | dict.fromkeys(late, "PENDING")
    assert await broken_laws(shop) == []
