"""Columns of a product that are read from other tables."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from migrations.schema import LaneItem, Product, ProductImage, SaleItem, StockMove


def reserved() -> ColumnElement[int]:
    """Units in open sales that are not sold yet, those on their way included."""
    in_lanes = (
        select(units_sum(LaneItem.available + LaneItem.held))
        .join(
            SaleItem,
            and_(SaleItem.sale_id == LaneItem.sale_id, SaleItem.product_id == LaneItem.product_id),
        )
        .where(SaleItem.product_id == Product.id, SaleItem.open)
        .correlate(Product)
        .scalar_subquery()
    )
    return in_lanes + on_the_way(Product.id)


def on_the_way(product_id: Any) -> ColumnElement[int]:
    """Units that have left the product and are not settled in a lane yet."""
    return (
        select(units_sum(StockMove.units))
        .where(
            StockMove.product_id == product_id,
            StockMove.state == "intended",
            StockMove.kind.in_(("open", "add")),
        )
        .correlate(Product)
        .scalar_subquery()
    )


def units_sum(units: Any) -> ColumnElement[int]:
    """The sum as a plain integer: Postgres adds bigints up to a numeric."""
    return cast(func.coalesce(func.sum(units), 0), BigInteger)


def images() -> ColumnElement[Any]:
    """The living pictures in order, as the text of a JSON list."""
    picture = func.json_build_object(
        "id", ProductImage.id,
        "image_url", ProductImage.image_url,
        "alt_text", ProductImage.alt_text,
        "position", ProductImage.position,
        "is_primary", ProductImage.is_primary,
        "kind", ProductImage.kind,
    )  # fmt: skip
    in_order = aggregate_order_by(picture, ProductImage.position, ProductImage.id)
    return (
        select(func.coalesce(func.json_agg(in_order), text("'[]'::json")).op("::")(text("text")))
        .where(ProductImage.product_id == Product.id, ProductImage.deleted_at.is_(None))
        .correlate(Product)
        .scalar_subquery()
    )
