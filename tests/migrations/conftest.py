"""A migrated database for a whole module, whose tests each roll back what they did."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from flashsale.stack.engines import Engines
from tests.engines import fresh_database


@pytest.fixture(scope="module")
def shared_database_url(engines: Engines, migrated_template: str) -> Iterator[str]:
    with fresh_database(engines, migrated_template) as url:
        yield url


@pytest.fixture
async def connection(
    shared_database_url: str,
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Inside a transaction that is rolled back."""
    opened = await asyncpg.connect(shared_database_url)
    transaction = opened.transaction()
    await transaction.start()
    try:
        yield opened
    finally:
        await transaction.rollback()
        await opened.close()
