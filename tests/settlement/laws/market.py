"""A shop in which everything has happened that can happen to an order, and money has moved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from msgspec import Struct

from lua import begin_payment, confirm, decline, release, retake
from lua.outcomes import Confirmed, Refund, Retaken
from migrations.engine import raw_connection
from tests.settlement.shop import Shop, open_shop

UNITS = 20
LIMIT = 3
PRICE_MINOR = 1_000


class Market(Struct):
    """``held``, ``paying``: live orders; the others as they ended. ``shop`` is settled."""

    shop: Shop
    held: str
    paying: str
    paid: str
    retaken: str
    refunded_late: str
    cancelled: str
    payment: str
    """Of ``paid``."""

    @property
    def client(self) -> Any:
        """Of the store; redis-py types its commands for both of its clients at once."""
        return self.shop.store.client

    async def execute(self, *statements: str) -> None:
        """Change Postgres behind everybody's back."""
        async with raw_connection(self.shop.engine) as connection:
            for statement in statements:
                await connection.execute(statement)


@asynccontextmanager
async def open_market(valkey: "redis.asyncio.Redis", database_url: str) -> AsyncIterator[Market]:
    """Make one: 20 units, at most 3 a buyer; refunds are done."""
    async with open_shop(valkey, database_url, units=UNITS, limit=LIMIT) as shop:
        held, paying, paid, retaken, late, cancelled = [
            await shop.held(user, 2) for user in range(1, 7)
        ]
        await shop.drainer.drain()
        payment = await _pay(shop, paid)
        await _open_payment(shop, paying)
        for order in (retaken, late):
            await release.release(shop.store, shop.base, order, "EXPIRED", "deadline")
        await _pay_late(shop, retaken, 4, Retaken())
        greedy = await shop.held(5, LIMIT)  # the buyer of `late` may take no more
        await _pay_late(shop, late, 5, Refund("late"))
        await release.release(shop.store, shop.base, greedy, "FAILED", "attempts")
        await release.release(shop.store, shop.base, cancelled, "CANCELLED", "buyer", user=6)
        await shop.drainer.drain()
        market = Market(shop, held, paying, paid, retaken, late, cancelled, payment)
        await market.execute(
            "UPDATE refunds SET status = 'succeeded', finished_at = now()",
            "UPDATE orders SET status = 'REFUNDED' FROM refunds WHERE order_id = orders.id",
            "UPDATE sale_items SET max_per_user = 3",
            "INSERT INTO stock_moves (id, sale_id, product_id, lane, kind, units, state,"
            " finished_at) SELECT gen_random_uuid(), sale_id, product_id, 0, 'open', units, 'done',"
            " now() FROM sale_items",
        )
        yield market


async def _open_payment(shop: Shop, order: str) -> str:
    payment = await shop.payment(order)
    await begin_payment.begin_payment(shop.store, shop.base, order, payment, 1_000)
    return payment


async def _pay(shop: Shop, order: str) -> str:
    """At the second try."""
    declined = await _open_payment(shop, order)
    await decline.decline(shop.store, shop.base, order, declined, "card_declined")
    async with raw_connection(shop.engine) as connection:
        await connection.execute("UPDATE payments SET status = 'FAILED' WHERE id = $1", declined)
    payment = await _open_payment(shop, order)
    assert await confirm.confirm(shop.store, shop.base, order, payment) == Confirmed()
    return payment


async def _pay_late(shop: Shop, order: str, user: int, expected: retake.Outcome) -> None:
    payment = await shop.payment(order)
    lines = f"[[{shop.products[0]},2,{PRICE_MINOR}]]"
    late = retake.LateOrder(order, user, 0, 2 * PRICE_MINOR, lines)
    assert await retake.retake(shop.store, shop.base, late, payment) == expected
