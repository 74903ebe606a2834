"""A product with 100 units, a draft of a sale of 30 of them, and a store that can lose calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import redis.asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys
from lua.snapshot import snapshot
from lua.store import Argument, Store, StoreUnreachable
from migrations.engine import open_engine, raw_connection
from migrations.settings import DatabaseSettings
from settlement.drain.drainer import Drainer
from settlement.stock_moves.finish import finish_open_moves
from settlement.stock_moves.move_units import move_units
from settlement.stock_moves.open_sale import open_sale
from settlement.stock_moves.outcomes import MoveOutcome, OpenOutcome

UNITS = 100
GIVEN = 30
CEILING = 1_000_000


Loss: TypeAlias = tuple[str, Literal["before", "after"]]


class LossyStore(Store):
    """Loses the calls of one script: `before` the server has it, or its answer, `after`."""

    lost: Loss | None = None

    async def run(self, name: str, base: str, *arguments: Argument) -> list[Any]:
        if self.lost == (name, "before"):
            raise StoreUnreachable(name)
        answer = await super().run(name, base, *arguments)
        if self.lost == (name, "after"):
            raise StoreUnreachable(name)
        return answer


class Yard:
    """Where units are; every number is read from its own store."""

    def __init__(self, store: LossyStore, engine: AsyncEngine, product: int, sale: int) -> None:
        self.store, self.engine = store, engine
        self.product, self.sale = product, sale
        self.drainer = Drainer(store, engine)

    async def open(self) -> OpenOutcome:
        return await open_sale(self.store, self.engine, self.sale, CEILING)

    async def move(self, delta: int, key: str | None = None) -> MoveOutcome:
        return await move_units(self.store, self.engine, self.sale, self.product, delta, key=key)

    async def finish(self) -> int:
        """What the worker does after a crash, then settlement."""
        done = await finish_open_moves(self.store, self.engine, CEILING, older_than_s=0)
        await self.drainer.drain()
        return done

    async def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with raw_connection(self.engine) as connection:
            return [tuple(row.values()) for row in await connection.fetch(query, *values)]

    async def stock(self) -> int:
        """Units of the product in Postgres that no sale has."""
        [(stock,)] = await self.sql("SELECT stock FROM products WHERE id = $1", self.product)
        return int(stock)

    async def in_store(self) -> int:
        """Units that the store's lane has; 0 without a lane."""
        lane = await snapshot(self.store, keys.lane_base(self.sale, 0))
        return 0 if lane is None else lane.items[self.product].units

    async def settled(self) -> int:
        """Units of the lane as Postgres has them."""
        rows = await self.sql("SELECT units FROM lane_items WHERE sale_id = $1", self.sale)
        return int(rows[0][0]) if rows else 0

    async def moves(self) -> list[tuple[str, str]]:
        """(kind, state) of every move, oldest first."""
        rows = await self.sql("SELECT kind, state FROM stock_moves ORDER BY created_at, id")
        return [(row[0], row[1]) for row in rows]

    async def seller(self) -> int | None:
        """Which sale the gateways find for the product."""
        found = await self.store.client.hget(keys.PRODUCTS, str(self.product))  # type: ignore[misc]
        return None if found is None else int(found)


@asynccontextmanager
async def open_yard(
    valkey: "redis.asyncio.Redis", database_url: str, lanes: int = 1
) -> AsyncIterator[Yard]:
    """Make the product and the draft; the store serves generation 1."""
    engine = open_engine(DatabaseSettings(url=database_url))
    store = LossyStore(valkey, 1)
    await store.load()
    await valkey.set(keys.GENERATION, 1)
    try:
        async with raw_connection(engine) as connection:
            product = await connection.fetchval(
                "INSERT INTO products (name, price_minor, stock) VALUES ('Mug', 1200, $1)"
                " RETURNING id",
                UNITS,
            )
            sale = await connection.fetchval(
                "INSERT INTO sales (name, lanes) VALUES ('Rush', $1) RETURNING id", lanes
            )
            await connection.execute(
                "INSERT INTO sale_items (sale_id, product_id, units, price_minor)"
                " VALUES ($1, $2, $3, 900)",
                sale,
                product,
                GIVEN,
            )
        yield Yard(store, engine, product, sale)
    finally:
        await engine.dispose()
