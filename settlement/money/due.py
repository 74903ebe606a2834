"""A payment and its order as Postgres has them, read for the rules.

Postgres may lag behind the store: what is ruled on is read here, the ruling is the scripts'.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from lua import keys
from lua.retake import LateOrder
from settlement.money.context import Connection

COLUMNS: Final = (
    "p.id::text AS payment_id, p.order_id::text AS order_id, p.provider, p.provider_ref,"
    " p.idempotency_key, p.amount_minor, p.currency, p.status, p.verdict, o.sale_id, o.lane,"
    " o.user_id, o.status AS order_status, s.state AS sale_state,"
    " (SELECT count(*) FROM payments AS f WHERE f.order_id = p.order_id AND f.id <> p.id"
    " AND f.status = 'FAILED') AS failed_before"
)
"""Columns of a `Due`, of payments AS p, orders AS o, sales AS s."""

_READ: Final = (
    f"SELECT {COLUMNS} FROM payments AS p JOIN orders AS o ON o.id = p.order_id"
    " JOIN sales AS s ON s.id = o.sale_id WHERE p.id = $1"
)


class Due(Struct, frozen=True, kw_only=True):
    """What a payment is to pay, and how both stand. ``failed_before``: other failed payments."""

    payment_id: str
    order_id: str
    provider: str
    provider_ref: str | None
    idempotency_key: str
    amount_minor: int
    currency: str
    status: str
    verdict: str | None
    sale_id: int
    lane: int
    user_id: int
    order_status: str
    sale_state: str
    failed_before: int

    @property
    def base(self) -> str:
        """The key base of the order's lane."""
        return keys.lane_base(self.sale_id, self.lane)

    @property
    def open(self) -> bool:
        """Whether the buyer may still be paying, as far as we know."""
        return self.status in {"PENDING", "PROCESSING"}


def due_of(row: Mapping[str, Any]) -> Due | None:
    """Return the Due of a row with `COLUMNS`; None when it has no payment."""
    if row["payment_id"] is None:
        return None
    return Due(**{name: row[name] for name in Due.__struct_fields__})


async def read_due(connection: Connection, payment_id: str) -> Due | None:
    """Return a payment and its order; None when there is no such payment."""
    row = await connection.fetchrow(_READ, payment_id)
    return None if row is None else due_of(row)


class LateFacts(Struct, frozen=True):
    """An order as `retake` needs it, and what else decides about its late money.

    ``went_back``: money of this order was too late before, and went back.
    """

    status: str
    order: LateOrder
    went_back: bool


async def read_late(connection: Connection, order_id: str) -> LateFacts:
    """Return what decides about late money of an order that exists."""
    row = await connection.fetchrow(
        "SELECT o.status, o.user_id, o.total_minor,"
        " (extract(epoch FROM o.created_at) * 1000)::bigint AS created_ms,"
        " EXISTS (SELECT FROM payments AS p WHERE p.order_id = o.id"
        " AND p.verdict = 'refund' AND p.verdict_reason = 'late') AS went_back,"
        " (SELECT '[' || string_agg(format('[%s,%s,%s]', l.product_id, l.quantity,"
        " l.unit_price_minor), ',' ORDER BY l.line) || ']' FROM order_lines AS l"
        " WHERE l.order_id = o.id) AS lines FROM orders AS o WHERE o.id = $1",
        order_id,
    )
    order = LateOrder(order_id, row["user_id"], row["created_ms"], row["total_minor"], row["lines"])
    return LateFacts(row["status"], order, row["went_back"])
