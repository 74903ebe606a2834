"""The SQL of sales and their items."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, and_, cast, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations.schema import LaneItem, Product, Sale, SaleItem
from migrations.states import SaleState


class SaleRow(Struct, frozen=True):
    """A sale as Postgres has it; ``now`` is Postgres's clock."""

    id: int
    name: str
    state: SaleState
    paused: bool
    starts_at: datetime
    ends_at: datetime | None
    hold_ttl_s: int
    currency: str
    lanes: int
    now: datetime


class ItemRow(Struct, frozen=True):
    """An item as first given, and its totals over all lanes as far as they are settled."""

    sale_id: int
    product_id: int
    name: str
    first_units: int
    price_minor: int
    original_price_minor: int | None
    max_per_user: int | None
    settled: bool
    units: int
    available: int
    held: int
    sold: int


class SellableProduct(Struct, frozen=True):
    """What a new sale must know of a product."""

    id: int
    price_minor: int
    original_price_minor: int | None
    currency: str
    max_per_user: int | None


async def insert_sale(
    connection: AsyncConnection, sale: dict[str, Any], items: Sequence[dict[str, Any]]
) -> int:
    """Add a draft with its items; returns its id."""
    added = await connection.execute(insert(Sale).values(**sale).returning(Sale.id))
    sale_id = int(added.scalar_one())
    await connection.execute(insert(SaleItem), [{"sale_id": sale_id, **item} for item in items])
    return sale_id


async def sellable_products(
    connection: AsyncConnection, ids: Sequence[int]
) -> dict[int, SellableProduct]:
    """Those of the products that are active."""
    found = await connection.execute(
        select(
            Product.id,
            Product.price_minor,
            Product.original_price_minor,
            Product.currency,
            Product.max_per_user,
        ).where(Product.id.in_(ids), Product.is_active, Product.deleted_at.is_(None))
    )
    return {row.id: SellableProduct(*row) for row in found}


async def sale_row(connection: AsyncConnection, sale_id: int) -> SaleRow | None:
    """One sale."""
    found = await connection.execute(select(*_columns()).where(Sale.id == sale_id))
    row = found.one_or_none()
    return None if row is None else SaleRow(*row)


async def list_rows(
    connection: AsyncConnection, *, states: Sequence[SaleState], page: int, limit: int
) -> tuple[list[SaleRow], int]:
    """One page of the sales in these states, newest first, and how many there are."""
    wanted = Sale.state.in_(states)
    found = await connection.execute(
        select(*_columns())
        .where(wanted)
        .order_by(Sale.id.desc())
        .limit(limit)
        .offset((page - 1) * limit)
    )
    rows = [SaleRow(*row) for row in found]
    total = await connection.execute(select(func.count()).select_from(Sale).where(wanted))
    return rows, int(total.scalar_one())


async def item_rows(connection: AsyncConnection, sale_ids: Sequence[int]) -> list[ItemRow]:
    """The items of these sales, products ascending."""
    totals = [
        cast(func.coalesce(func.sum(column), 0), BigInteger)
        for column in (LaneItem.units, LaneItem.available, LaneItem.held, LaneItem.sold)
    ]
    item: list[Any] = [
        SaleItem.sale_id,
        SaleItem.product_id,
        Product.name,
        SaleItem.units,
        SaleItem.price_minor,
        SaleItem.original_price_minor,
        SaleItem.max_per_user,
    ]
    found: Any = await connection.execute(
        select(*item, func.count(LaneItem.lane) > 0, *totals)
        .join(Product, Product.id == SaleItem.product_id)
        .outerjoin(
            LaneItem,
            and_(LaneItem.sale_id == SaleItem.sale_id, LaneItem.product_id == SaleItem.product_id),
        )
        .where(SaleItem.sale_id.in_(sale_ids))
        .group_by(*item)
        .order_by(SaleItem.sale_id, SaleItem.product_id)
    )
    return [ItemRow(*row) for row in found]


def _columns() -> tuple[Any, ...]:
    return (
        Sale.id,
        Sale.name,
        Sale.state,
        Sale.paused,
        Sale.starts_at,
        Sale.ends_at,
        Sale.hold_ttl_s,
        Sale.currency,
        Sale.lanes,
        func.clock_timestamp(),
    )
