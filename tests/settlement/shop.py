"""A small shop on real engines: users, products, an open sale, and a drainer for it."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import redis.asyncio
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys, reserve
from lua.open import Item, Opened, Terms, open_lane
from lua.order_ids import new_order_id
from lua.store import Store
from migrations.engine import open_engine, raw_connection
from migrations.settings import DatabaseSettings
from settlement.drain.drainer import Drainer
from settlement.recovery import recover

GRACE_MS = 1_000
CEILING = 1_000_000


class Shop(Struct):
    """One sale of ``product`` with units in one lane, and many users (ids 1..users)."""

    store: Store
    engine: AsyncEngine
    drainer: Drainer
    sale: int
    products: list[int]

    @property
    def base(self) -> str:
        return keys.lane_base(self.sale, 0)

    async def buy(
        self,
        user: int,
        quantity: int = 1,
        key: str | None = None,
        lines: Sequence[tuple[int, int]] | None = None,
    ) -> tuple[str, reserve.Outcome]:
        order = new_order_id(self.sale, 0)
        wanted = lines or [(self.products[0], quantity)]
        return order, await reserve.reserve(
            self.store, self.base, order, user, key or order, wanted
        )

    async def held(self, user: int, quantity: int = 1) -> str:
        order, outcome = await self.buy(user, quantity)
        assert isinstance(outcome, reserve.Held), outcome
        return order

    async def payment(self, order: str) -> str:
        """A payment row as the gateway makes it before the provider is called."""
        payment = str(uuid.uuid4())
        async with raw_connection(self.engine) as connection:
            await connection.execute(
                "INSERT INTO payments (id, order_id, provider, status, amount_minor, currency,"
                " idempotency_key) SELECT $1, o.id, 'simulator', 'PENDING', o.total_minor,"
                " o.currency, $3 FROM orders AS o WHERE o.id = $2",
                payment,
                order,
                f"pay:{payment}",
            )
        return payment

    async def rows(self, query: str, *values: object) -> list[dict[str, object]]:
        async with raw_connection(self.engine) as connection:
            return [dict(row) for row in await connection.fetch(query, *values)]

    async def totals(self, product: int | None = None) -> tuple[int, int, int, int]:
        """units, available, held, sold as Postgres has them."""
        found = await self.rows(
            "SELECT units, available, held, sold FROM lane_items WHERE product_id = $1",
            product or self.products[0],
        )
        units, available, held, sold = (int(str(value)) for value in found[0].values())
        return units, available, held, sold


@asynccontextmanager
async def open_shop(
    valkey: "redis.asyncio.Redis",
    database_url: str,
    *,
    units: int = 100,
    users: int = 50,
    hold_ttl_ms: int = 300_000,
    limit: int = 0,
    products: int = 1,
) -> AsyncIterator[Shop]:
    """Make users and products, open a sale of all products, recovered and drained."""
    engine = open_engine(DatabaseSettings(url=database_url))
    store = Store(valkey, 0)
    try:
        sale, ids = await _seed(engine, users, products, units, limit)
        shop = Shop(store, engine, Drainer(store, engine), sale, ids)
        await recover.recover(store, engine, "first start", GRACE_MS)
        terms = Terms(0, 0, hold_ttl_ms, "USD", CEILING)
        items = [Item(product, units, 1_000, limit) for product in ids]
        opened = await open_lane(store, shop.base, terms, items)
        assert isinstance(opened, Opened)
        await shop.drainer.drain()
        yield shop
    finally:
        await engine.dispose()


async def _seed(
    engine: AsyncEngine, users: int, products: int, units: int, limit: int
) -> tuple[int, list[int]]:
    async with raw_connection(engine) as connection:
        await connection.execute(
            "INSERT INTO users (email, password_hash)"
            " SELECT 'u' || n || '@example.org', 'x' FROM generate_series(1, $1::int) AS n",
            users,
        )
        ids = [
            await connection.fetchval(
                "INSERT INTO products (name, price_minor, stock) VALUES ($1, 1000, 0) RETURNING id",
                f"Lamp {n}",
            )
            for n in range(products)
        ]
        sale = await connection.fetchval(
            "INSERT INTO sales (name, state, opened_at) VALUES ('Rush', 'open', now()) RETURNING id"
        )
        for product in ids:
            await connection.execute(
                "INSERT INTO sale_items (sale_id, product_id, units, price_minor, max_per_user,"
                " open) VALUES ($1, $2, $3, 1000, $4, true)",
                sale,
                product,
                units,
                limit or None,
            )
        await connection.execute(
            "INSERT INTO journal_cursors (sale_id, lane, generation, seq)"
            " SELECT $1, 0, generation, 0 FROM store_generation",
            sale,
        )
    return sale, ids
