"""The phases of a run, one after the other: rush, waiting, late money, close."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from flashsale.demo.books import compare_books
from flashsale.demo.buying import Buyer, Market, buy
from flashsale.demo.paying import end
from flashsale.demo.staff import OpenSale, Staff, close_sale
from flashsale.demo.watching import Watched
from flashsale.demo.wire import Lost, Wire

POLL_S: Final = 0.2
SETTLE_LIMIT_S: Final = 15.0
"""How long the last refunds may take; what is still on its way then is told as waiting."""


async def rush(market: Market, buyers: Sequence[Buyer], watched: Watched) -> None:
    """Let everybody in, and wait until nobody wants or pays anything any more."""
    watched.phase = "rush"
    lives = [asyncio.create_task(_live(market, buyer)) for buyer in buyers]
    for phase, until_s in (
        ("rush", market.plan.rush_s),
        ("holds end, units are sold again", market.plan.patience_s),
        ("late money", float("inf")),
    ):
        watched.phase = phase
        limit_s = until_s - (time.monotonic() - market.seen.began_s)
        _, pending = await asyncio.wait(lives, timeout=None if limit_s > 1e6 else max(limit_s, 0))
        if not pending:
            break
    await asyncio.gather(*lives)


async def finish(staff: Staff, market: Market, watched: Watched, database_url: str) -> None:
    """Wait for the provider and the last holds, close the sale, and wait for the last refund."""
    limit_s = market.plan.end_limit_s
    watched.phase = "late money"
    await _until(lambda: _provider_is_quiet(market.provider), limit_s)
    await _until(lambda: _all_is_ruled_on(market.provider, database_url), limit_s)
    await _until(lambda: _nothing_is_held(market.wire, market.sale), limit_s)
    watched.phase = "closing"
    await close_sale(staff, market.sale)
    watched.phase = "last refunds"
    connection = await asyncpg.connect(database_url)
    try:
        await _until(lambda: _refunds_are_final(connection), SETTLE_LIMIT_S)
    finally:
        await connection.close()


@asynccontextmanager
async def background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines while inside; when one of them fails, so does the inside, at once."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
            yield
            for task in tasks:
                task.cancel()
    except ExceptionGroup as several:
        raise several.exceptions[0] from several


async def _live(market: Market, buyer: Buyer) -> None:
    """One buyer's evening."""
    await asyncio.sleep(buyer.role.arrives_s)
    order = await buy(market, buyer)
    if order is not None:
        await end(market, buyer, order)


async def _until(so: Callable[[], Awaitable[bool]], limit_s: float) -> bool:
    """Wait until it is so, ``limit_s`` at most."""
    give_up_s = time.monotonic() + limit_s
    while not await so():
        if time.monotonic() > give_up_s:
            return False
        await asyncio.sleep(POLL_S)
    return True


async def _provider_is_quiet(provider: Wire) -> bool:
    """No webhook waits, and no payment is still on its way."""
    try:
        outbox = (await provider.call("GET", "/admin/outbox")).json()
        if outbox["waiting"]:
            return False
        ledger = (await provider.call("GET", "/ledger")).json()
    except Lost:
        return False
    return all(payment["state"] != "processing" for payment in ledger["payments"])


async def _all_is_ruled_on(provider: Wire, database_url: str) -> bool:
    """Money of a lost webhook is found when the engine asks; the last of it takes some seconds."""
    try:
        return (await compare_books(provider, database_url)).undecided == 0
    except Lost:
        return False


async def _nothing_is_held(wire: Wire, sale: OpenSale) -> bool:
    try:
        answer = await wire.call("GET", f"/sales/{sale.id}")
    except Lost:
        return False
    return answer.status == 200 and all(item["held"] == 0 for item in answer.json()["items"])


async def _refunds_are_final(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    waiting = await connection.fetchval(
        "SELECT count(*) FROM refunds WHERE status IN ('requested', 'sent')"
    )
    return not waiting
