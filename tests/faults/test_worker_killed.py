"""A worker that dies at any step of settlement leaves each order in Postgres exactly once."""

from pathlib import Path

import pytest

from flashsale.stack.engines import Engines
from tests.faults.faulty_worker import BATCH_ENTRIES
from tests.faults.rush import (
    ORDERS,
    SETTLED_ENTRIES,
    UNITS,
    broken_laws,
    entries_settled,
    rush,
    states_expected,
    states_settled,
)
from tests.faults.workers import faulty_worker, wait_for_death
from tests.settlement.shop import Shop


@pytest.mark.parametrize(
    ("step", "committed"),
    [("after_read", 2), ("after_cursor", 2), ("before_commit", 2), ("after_commit", 3)],
)
async def test_the_next_worker_settles_each_order_exactly_once(
    shop: Shop, engines: Engines, database_url: str, tmp_path: Path, step: str, committed: int
) -> None:
    orders = await rush(shop)
    with faulty_worker(engines, database_url, tmp_path, step, batch=3) as worker:
        wait_for_death(worker, step)
    assert await entries_settled(shop) == SETTLED_ENTRIES + committed * BATCH_ENTRIES
    await shop.drainer.drain()
    assert await states_settled(shop) == states_expected(orders)
    third = ORDERS // 3
    assert await shop.totals() == (UNITS, UNITS - 2 * third, third, third)
    assert await broken_laws(shop) == []


async def test_a_cursor_that_moves_by_itself_would_be_found(
    shop: Shop, engines: Engines, database_url: str, tmp_path: Path
) -> None:
    """That these tests can fail: with that bug a death loses a batch, and laws say so."""
    await rush(shop)
    with faulty_worker(engines, database_url, tmp_path, "cursor_alone", batch=2) as worker:
        wait_for_death(worker, "cursor_alone")
    await shop.drainer.drain()
    broken = {law.name for law in await broken_laws(shop)}
    assert {"stores_agree", "journal_gapless"} <= broken
