"""What Postgres knows of a lane, as the records that the scripts would have kept."""

from collections.abc import AsyncIterator
from typing import Any, Final

from msgspec import Struct

from lua.hold import Hold
from lua.rebuild import ItemTotals
from settlement.drain.lanes import Connection, Lane

HOLDS_KEPT_D: Final = 3
"""Days of orders whose records the store keeps; older ones are ruled from Postgres."""

PAGE: Final = 5_000


class OrderRecord(Struct, frozen=True):
    """An order and its idempotency key, for the lane's records."""

    order: str
    hold: Hold
    key: str | None
    fingerprint: str | None


async def read_conf(connection: Connection, lane: Lane) -> str:
    """Return the lane's ``conf`` as `open` writes it: state, window, time to live, currency."""
    row = await connection.fetchrow(
        "SELECT CASE WHEN state = 'open' AND paused THEN 'paused' ELSE state END AS state,"
        " CASE WHEN starts_at > opened_at THEN (extract(epoch FROM starts_at) * 1000)::bigint"
        " ELSE 0 END AS starts_ms, coalesce((extract(epoch FROM ends_at) * 1000)::bigint, 0)"
        " AS ends_ms, hold_ttl_s * 1000 AS hold_ttl_ms, currency,"
        " (extract(epoch FROM coalesce(opened_at, now())) * 1000)::bigint AS opened_ms"
        " FROM sales WHERE id = $1",
        lane.sale_id,
    )
    return " ".join(str(value) for value in row.values())


async def read_items(connection: Connection, lane: Lane) -> list[ItemTotals]:
    """Return the lane's items with their settled totals."""
    rows = await connection.fetch(
        "SELECT l.product_id, s.price_minor, coalesce(s.max_per_user, 0) AS max_per_user, l.units,"
        " l.available, l.held, l.sold FROM lane_items AS l"
        " JOIN sale_items AS s USING (sale_id, product_id)"
        " WHERE l.sale_id = $1 AND l.lane = $2 ORDER BY l.product_id",
        lane.sale_id, lane.lane,
    )  # fmt: skip
    return [ItemTotals(*row.values()) for row in rows]


async def read_orders(connection: Connection, lane: Lane) -> AsyncIterator[list[OrderRecord]]:
    """Yield pages of the lane's orders that are pending or not older than the store keeps them.

    An order whose late money goes back is REFUNDED here, as `retake` left it.
    """
    query = (
        "SELECT o.id::text AS order_id, CASE WHEN o.status = 'PENDING' THEN o.hold_state"
        " WHEN o.status IN ('EXPIRED', 'FAILED') AND EXISTS (SELECT FROM payments AS p"
        " WHERE p.order_id = o.id AND p.verdict = 'refund' AND p.verdict_reason = 'late')"
        " THEN 'REFUNDED' ELSE o.status END AS state, o.seq, o.user_id,"
        " (extract(epoch FROM o.created_at) * 1000)::bigint AS created_ms,"
        " (extract(epoch FROM o.expires_at) * 1000)::bigint AS deadline_ms, o.total_minor,"
        " coalesce(o.payment_id, (SELECT p.id FROM payments AS p WHERE p.order_id = o.id"
        " AND p.status IN ('PENDING', 'PROCESSING')))::text AS payment,"
        " (SELECT string_agg(format('[%s,%s,%s]', l.product_id, l.quantity, l.unit_price_minor),"
        " ',' ORDER BY l.line) FROM order_lines AS l WHERE l.order_id = o.id) AS lines,"
        " o.idempotency_key, o.fingerprint FROM orders AS o"
        " WHERE o.sale_id = $1 AND o.lane = $2"
        " AND (o.status = 'PENDING' OR o.created_at > now() - make_interval(days => $3))"
    )
    async with connection.transaction(readonly=True):
        await connection.execute("SET LOCAL transaction_timeout = 0")
        cursor = await connection.cursor(query, lane.sale_id, lane.lane, HOLDS_KEPT_D)
        while rows := await cursor.fetch(PAGE):
            yield [_order_record(row) for row in rows]


async def read_counts(connection: Connection, lane: Lane) -> dict[str, str]:
    """Return units held or bought per user, ``{user: "7=2,8=1"}``; restocked ones do not count."""
    rows = await connection.fetch(
        "SELECT user_id::text, string_agg(format('%s=%s', product_id, units), ',') FROM ("
        " SELECT o.user_id, l.product_id, sum(l.quantity) AS units FROM orders AS o"
        " JOIN order_lines AS l ON l.order_id = o.id WHERE o.sale_id = $1 AND o.lane = $2"
        " AND (o.status IN ('PENDING', 'PAID')"
        " OR o.status = 'REFUNDED' AND o.payment_id IS NOT NULL)"
        " AND NOT EXISTS (SELECT FROM stock_moves AS m JOIN refunds AS r ON r.id = m.refund_id"
        " WHERE r.order_id = o.id AND m.kind = 'restock' AND m.state = 'done')"
        " GROUP BY 1, 2) AS c GROUP BY 1",
        lane.sale_id, lane.lane,
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}


async def read_verdicts(connection: Connection, lane: Lane) -> list[tuple[str, str]]:
    """Return (payment, verdict) of the last days, as the scripts write a verdict."""
    rows = await connection.fetch(
        "SELECT p.id::text, CASE WHEN p.verdict = 'refund' THEN 'refund:' || p.verdict_reason"
        " ELSE p.verdict END FROM payments AS p JOIN orders AS o ON o.id = p.order_id"
        " WHERE o.sale_id = $1 AND o.lane = $2 AND p.verdict IS NOT NULL"
        " AND p.updated_at > now() - make_interval(days => $3)",
        lane.sale_id, lane.lane, HOLDS_KEPT_D,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def read_moves(connection: Connection, lane: Lane) -> list[tuple[str, str]]:
    """Return (stock move, "done") of every move the lane has carried out."""
    rows = await connection.fetch(
        "SELECT id::text FROM stock_moves WHERE sale_id = $1 AND lane = $2 AND state = 'done'",
        lane.sale_id, lane.lane,
    )  # fmt: skip
    return [(row[0], "done") for row in rows]


async def read_products(connection: Connection) -> dict[str, str]:
    """Return {product: sale} of every open sale."""
    rows = await connection.fetch(
        "SELECT product_id::text, sale_id::text FROM sale_items WHERE open"
    )
    return {row[0]: row[1] for row in rows}


async def read_revoked(connection: Connection) -> dict[str, float]:
    """Return what is revoked and may still be tried, {member: second in which it is over}."""
    rows = await connection.fetch(
        "SELECT 's ' || session_id, extract(epoch FROM expires_at) FROM revoked_sessions"
        " WHERE expires_at > now() UNION ALL"
        " SELECT 'u ' || id || ' ' || token_version, extract(epoch FROM now() + interval '1 day')"
        " FROM users WHERE token_version > 0 AND updated_at > now() - interval '1 day'"
    )
    return {row[0]: float(row[1]) for row in rows}


def _order_record(row: Any) -> OrderRecord:
    hold = Hold(
        state=row["state"], seq=row["seq"], user=row["user_id"], created_ms=row["created_ms"],
        deadline_ms=row["deadline_ms"], total_minor=row["total_minor"],
        payment=row["payment"] or "-", lines=f"[{row['lines']}]",
    )  # fmt: skip
    return OrderRecord(row["order_id"], hold, row["idempotency_key"], row["fingerprint"])
