"""The admins' listings of payments, refunds and webhooks: filtered, paged, newest first."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.paging import Page
from gateway.payments.shapes import PaymentRow, RefundSeen, WebhookRow

Kind = TypeVar("Kind", PaymentRow, RefundSeen, WebhookRow)

SOURCES: Final[Mapping[type, tuple[str, str, Mapping[str, str]]]] = {
    PaymentRow: (
        "payments",
        "id DESC",
        {"status": "text", "provider": "text", "order_id": "uuid", "verdict": "text"},
    ),
    RefundSeen: (
        "refunds",
        "id DESC",
        {"status": "text", "cause": "text", "order_id": "uuid", "payment_id": "uuid"},
    ),
    WebhookRow: (
        "webhook_inbox",
        "id DESC",
        {"state": "text", "provider": "text", "payment_id": "uuid", "event_id": "text"},
    ),
}
"""Table, order (ids grow with time), and the columns that may be filtered by, with their types."""


async def read_page(
    connection: AsyncConnection,
    kind: type[Kind],
    wanted: Mapping[str, Any],
    page: int,
    limit: int,
) -> Page[Kind]:
    """Return a page of rows whose columns are as ``wanted``; None: any."""
    table, order, columns = SOURCES[kind]
    wheres = " AND ".join(
        f"(cast(:{name} AS {of}) IS NULL OR {name} = :{name})" for name, of in columns.items()
    )
    values = {name: wanted.get(name) for name in columns}
    total = await connection.scalar(
        text(f"SELECT count(*) FROM {table} WHERE {wheres}"),
        values,
    )
    rows = await connection.execute(
        text(
            f"SELECT {', '.join(kind.__struct_fields__)} FROM {table} WHERE {wheres}"
            f" ORDER BY {order} OFFSET :offset LIMIT :limit"
        ),
        {**values, "offset": (page - 1) * limit, "limit": limit},
    )
    items = [kind(**row) for row in rows.mappings()]
    return Page(items, page, limit, int(total or 0))
