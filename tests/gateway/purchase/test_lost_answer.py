"""A lost answer never takes stock twice, and what is not known is said. B3, promise 5"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lua.snapshot import snapshot
from tests.gateway.conftest import client_of, running
from tests.gateway.purchase.buyers import Front
from tests.gateway.purchase.proxy import LossyProxy
from tests.settlement.shop import Shop


@pytest.fixture
async def proxy(engines: Any, short_dir: Path) -> AsyncIterator[LossyProxy]:
    """A proxy in front of the session's store."""
    made = LossyProxy(engines.valkey.url, engines.valkey.socket_path, short_dir / "p.sock")
    async with made.running():
        yield made


async def held(shop: Shop) -> int:
    lane = await snapshot(shop.store, shop.base)
    assert lane is not None
    return lane.items[shop.products[0]].held


async def test_a_lost_answer_is_asked_for_again_and_takes_stock_once(
    shop: Shop, database_url: str, proxy: LossyProxy
) -> None:
    async with running(database_url, proxy.url) as app, client_of(app) as client:
        front = Front(client, shop)
        proxy.losing = 1
        answer = await front.buy(1, 3)
        assert answer.status_code == 201
        assert "Idempotent-Replayed" not in answer.headers
        assert await held(shop) == 3


async def test_many_answers_lost_at_once_are_all_found_again(
    shop: Shop, database_url: str, proxy: LossyProxy
) -> None:
    async with running(database_url, proxy.url) as app, client_of(app) as client:
        front = Front(client, shop)
        proxy.losing = 1
        answers = await asyncio.gather(*(front.buy(user) for user in range(1, 51)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 50
        assert await held(shop) == 50


async def test_an_answer_lost_twice_is_unknown_and_its_key_finds_the_order(
    shop: Shop, database_url: str, proxy: LossyProxy
) -> None:
    async with running(database_url, proxy.url) as app, client_of(app) as client:
        front = Front(client, shop)
        proxy.losing = 2
        unknown = await front.buy(1, 3)
        problem = unknown.json()
        assert (unknown.status_code, problem["code"]) == (503, "outcome_unknown")
        assert "Retry-After" in unknown.headers
        limit = time.monotonic() + 5
        while (again := await front.buy(1, 3, key=problem["idempotency_key"])).status_code == 503:
            assert again.json()["code"] == "recovering"
            assert time.monotonic() < limit
            await asyncio.sleep(0.01)
        assert again.status_code == 201
        assert await held(shop) == 3


async def test_without_a_store_nothing_was_taken_and_it_is_said(
    shop: Shop, database_url: str, short_dir: Path
) -> None:
    nowhere = f"unix://{short_dir}/nobody.sock"
    async with running(database_url, nowhere) as app, client_of(app) as client:
        answer = await Front(client, shop).buy(1)
        assert (answer.status_code, answer.json()["code"]) == (503, "recovering")
        assert await held(shop) == 0
