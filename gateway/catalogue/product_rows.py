"""The SQL of products."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    insert,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.catalogue.product import Image
from gateway.catalogue.product import Product as Shown
from gateway.catalogue.product_columns import images, on_the_way, reserved, units_sum
from gateway.constraints import violated
from migrations.schema import LaneItem, Product, SaleItem
from migrations.schema.catalogue import SEARCH_CONFIG

Listed: TypeAlias = Literal["active", "inactive", "deleted", "all"]

PURGED_AFTER: Final = "30 days"
"""How long a deleted product can still be looked up before its row may be purged."""


class SkuTaken(Exception):
    """Another product, perhaps a deleted one, has this SKU."""


async def insert_product(
    connection: AsyncConnection, values: Mapping[str, Any], created_by: int
) -> Shown:
    """Add a product. Raises SkuTaken; the transaction is then of no more use."""
    try:
        added = await connection.execute(
            insert(Product)
            .values(**values, created_by=created_by, updated_by=created_by)
            .returning(Product.id)
        )
    except IntegrityError as refused:
        if violated(refused) == "uq_products_sku":
            raise SkuTaken from refused
        raise
    return await _one(connection, int(added.scalar_one()))


async def find_product(
    connection: AsyncConnection, product_id: int, listed: Listed = "active"
) -> Shown | None:
    """The product, if it is among the listed ones."""
    found = await connection.execute(_shown().where(Product.id == product_id, _is_listed(listed)))
    row = found.one_or_none()
    return None if row is None else _product(row)


async def lock_product(connection: AsyncConnection, product_id: int) -> Shown | None:
    """The product, unless deleted, locked for the rest of the transaction."""
    locked = await connection.execute(
        select(Product.id)
        .where(Product.id == product_id, Product.deleted_at.is_(None))
        .with_for_update()
    )
    return None if locked.scalar() is None else await _one(connection, product_id)


async def update_product(
    connection: AsyncConnection, product_id: int, values: Mapping[str, Any], updated_by: int
) -> Shown:
    """Change a locked product; its version goes up by one."""
    await connection.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(
            **values,
            version=Product.version + 1,
            updated_by=updated_by,
            updated_at=func.clock_timestamp(),
        )
    )
    return await _one(connection, product_id)


async def soft_delete(connection: AsyncConnection, product_id: int, updated_by: int) -> None:
    """Take a locked product off every list; its row is purged later."""
    await update_product(
        connection,
        product_id,
        {
            "is_active": False,
            "deleted_at": func.now(),
            "purge_at": func.now() + text(f"interval '{PURGED_AFTER}'"),
        },
        updated_by,
    )


async def open_sale_of(connection: AsyncConnection, product_id: int) -> int | None:
    """The id of the sale that has units of the product, a closing one included."""
    found = await connection.execute(
        select(SaleItem.sale_id).where(SaleItem.product_id == product_id, SaleItem.open)
    )
    return found.scalar_one_or_none()


async def units_in_sale(connection: AsyncConnection, product_id: int) -> int:
    """Units of the product that its open sale has been given and may give back."""
    given = select(units_sum(LaneItem.units)).join(
        SaleItem,
        and_(SaleItem.sale_id == LaneItem.sale_id, SaleItem.product_id == LaneItem.product_id),
    )
    found = await connection.execute(
        select(
            given.where(SaleItem.product_id == product_id, SaleItem.open).scalar_subquery()
            + on_the_way(product_id)
        )
    )
    return int(found.scalar_one())


async def list_products(
    connection: AsyncConnection,
    *,
    search: str | None,
    ids: Sequence[int] | None,
    listed: Listed,
    page: int,
    limit: int,
) -> tuple[list[Shown], int]:
    """One page, best match first and then newest first; and how many there are in all."""
    conditions: list[ColumnElement[bool]] = [_is_listed(listed)]
    order: list[ColumnElement[Any]] = [Product.created_at.desc(), Product.id.desc()]
    if ids is not None:
        conditions.append(Product.id.in_(ids))
    if search is not None:
        query = func.websearch_to_tsquery(SEARCH_CONFIG, search)
        conditions.append(Product.search.op("@@")(query))
        order.insert(0, func.ts_rank_cd(Product.search, query).desc())
    found = await connection.execute(
        _shown().where(*conditions).order_by(*order).limit(limit).offset((page - 1) * limit)
    )
    items = [_product(row) for row in found]
    if page == 1 and len(items) < limit:
        return items, len(items)
    total = await connection.execute(select(func.count()).select_from(Product).where(*conditions))
    return items, int(total.scalar_one())


def _is_listed(listed: Listed) -> ColumnElement[bool]:
    match listed:
        case "active":
            return and_(Product.is_active, Product.deleted_at.is_(None))
        case "inactive":
            return and_(Product.is_active.is_(False), Product.deleted_at.is_(None))
        case "deleted":
            return Product.deleted_at.is_not(None)
        case "all":
            return true()


def _shown() -> Select[Any]:
    """Every column that is shown, with pictures and reserved units."""
    columns: tuple[Any, ...] = (
        Product.id,
        Product.sku,
        Product.name,
        Product.description,
        Product.price_minor,
        Product.original_price_minor,
        Product.currency,
        Product.stock,
        reserved().label("reserved_stock"),
        Product.max_per_user,
        Product.is_active,
        Product.version,
        images().label("images"),
        Product.created_at,
        Product.updated_at,
    )
    return select(*columns)


def _product(row: Row[Any]) -> Shown:
    values = row._asdict()
    images = msgspec.json.decode(values.pop("images"), type=list[Image])
    return Shown(**values, images=images)


async def _one(connection: AsyncConnection, product_id: int) -> Shown:
    found = await connection.execute(_shown().where(Product.id == product_id))
    return _product(found.one())
