"""The orders of Postgres."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.orders.shapes import LineSeen, OrderSeen

_COLUMNS = (
    "o.id::text AS id, o.sale_id, o.user_id, o.status, o.total_minor, o.refunded_minor, o.currency,"
    " o.created_at, o.expires_at, o.paid_at, o.updated_at, o.failed_reason, o.seq"
)
_LINES = (
    "(SELECT json_agg(json_build_object('product_id', l.product_id, 'quantity', l.quantity,"
    " 'unit_price_minor', l.unit_price_minor) ORDER BY l.line) FROM order_lines AS l"
    " WHERE l.order_id = o.id) AS lines"
)
_DETAILED_LINES = (
    "(SELECT json_agg(json_build_object('product_id', l.product_id, 'quantity', l.quantity,"
    " 'unit_price_minor', l.unit_price_minor, 'product', json_build_object('name', p.name,"
    " 'sku', p.sku, 'image', (SELECT i.image_url FROM product_images AS i"
    " WHERE i.product_id = p.id AND i.deleted_at IS NULL"
    " ORDER BY i.is_primary DESC, i.position, i.id LIMIT 1))) ORDER BY l.line)"
    " FROM order_lines AS l JOIN products AS p ON p.id = l.product_id"
    " WHERE l.order_id = o.id) AS lines"
)
_PAYMENTS = (
    "(SELECT coalesce(json_agg(json_build_object('id', p.id, 'provider', p.provider,"
    " 'status', p.status, 'amount_minor', p.amount_minor, 'currency', p.currency,"
    " 'created_at', p.created_at) ORDER BY p.created_at), '[]') FROM payments AS p"
    " WHERE p.order_id = o.id) AS payments"
)
_REFUNDS = (
    "(SELECT coalesce(json_agg(json_build_object('id', r.id, 'payment_id', r.payment_id,"
    " 'status', r.status, 'amount_minor', r.amount_minor, 'cause', r.cause,"
    " 'created_at', r.created_at) ORDER BY r.created_at), '[]') FROM refunds AS r"
    " WHERE r.order_id = o.id) AS refunds"
)
_FILTER = (
    " FROM orders AS o WHERE (cast(:user_id AS bigint) IS NULL OR o.user_id = :user_id)"
    " AND (cast(:status AS text) IS NULL OR o.status = :status)"
    " AND (cast(:sale_id AS bigint) IS NULL OR o.sale_id = :sale_id)"
    " AND NOT o.id = ANY(cast(:without AS uuid[]))"
)


class Wanted(msgspec.Struct, frozen=True):
    """Which orders; None: any. ``without``: ids that are left out."""

    user_id: int | None = None
    status: str | None = None
    sale_id: int | None = None
    without: Sequence[str] = ()


async def count_orders(connection: AsyncConnection, wanted: Wanted) -> int:
    """Return how many orders there are."""
    found = await connection.scalar(text("SELECT count(*)" + _FILTER), _values(wanted))
    return int(found or 0)


async def read_orders(
    connection: AsyncConnection, wanted: Wanted, start: int, most: int
) -> list[OrderSeen]:
    """Return orders newest first, from position ``start`` (0..), ``most`` at the most."""
    found = await connection.execute(
        text(
            f"SELECT {_COLUMNS}, {_LINES}{_FILTER}"
            " ORDER BY o.created_at DESC, o.id DESC OFFSET :start LIMIT :most"
        ),
        {**_values(wanted), "start": start, "most": most},
    )
    return [_seen(row) for row in found.mappings()]


async def read_seqs(connection: AsyncConnection, orders: Sequence[str]) -> dict[str, int]:
    """Return {order: seq} of those that are settled."""
    found = await connection.execute(
        text("SELECT id::text, seq FROM orders WHERE id = ANY(cast(:orders AS uuid[]))"),
        {"orders": list(orders)},
    )
    return {row[0]: row[1] for row in found}


async def read_order(
    connection: AsyncConnection, order: str
) -> tuple[OrderSeen, list[dict[str, Any]], list[dict[str, Any]]] | None:
    """Return an order with products on its lines, its payments and its refunds."""
    found = await connection.execute(
        text(
            f"SELECT {_COLUMNS}, {_DETAILED_LINES}, {_PAYMENTS}, {_REFUNDS}"
            " FROM orders AS o WHERE o.id = cast(:order AS uuid)"
        ),
        {"order": order},
    )
    row = found.mappings().one_or_none()
    return None if row is None else (_seen(row), row["payments"], row["refunds"])


def _values(wanted: Wanted) -> dict[str, Any]:
    return {**msgspec.structs.asdict(wanted), "without": list(wanted.without)}


def _seen(row: Any) -> OrderSeen:
    values = {name: row[name] for name in OrderSeen.__struct_fields__ if name != "lines"}
    return OrderSeen(lines=msgspec.convert(row["lines"] or [], list[LineSeen]), **values)
