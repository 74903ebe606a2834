"""What the rows of orders and stock moves add up to.

Every query takes one sale's id, or None for all.
"""

from collections import defaultdict
from typing import Final

import msgspec

from lua import journal
from settlement.drain.totals import Delta, Deltas
from settlement.laws.evidence import LaneKey, Moved, OrderUnits, OverLimit
from settlement.laws.read_postgres import EXAMPLES_MAX, Connection

KEY_LIVES: Final = "24 hours"
"""A key is good for at least that long; reused later it may make another order."""

MOVE_TAKES_S: Final = 60
"""A stock move that is older than this and still intended is stuck."""

OVERDUE_S: Final = 30
"""As in `read_store`: past its end this long an order should not be pending."""


async def read_order_units(
    connection: Connection, sale_id: int | None
) -> dict[tuple[LaneKey, int], OrderUnits]:
    """Return units by lane and product as the rows have them: pending, ever paid, restocked."""
    rows = await connection.fetch(
        "SELECT sale_id, lane, product_id, sum(held)::bigint, sum(sold)::bigint,"
        " sum(restocked)::bigint FROM ("
        " SELECT o.sale_id, o.lane, l.product_id,"
        " CASE WHEN o.status = 'PENDING' THEN l.quantity ELSE 0 END AS held,"
        " CASE WHEN o.status = 'PAID' OR o.status = 'REFUNDED' AND o.payment_id IS NOT NULL"
        " THEN l.quantity ELSE 0 END AS sold, 0 AS restocked"
        " FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id"
        " UNION ALL SELECT sale_id, lane, product_id, 0, 0, units FROM stock_moves"
        " WHERE kind = 'restock' AND state = 'done'"
        ") AS units WHERE $1::bigint IS NULL OR sale_id = $1 GROUP BY 1, 2, 3",
        sale_id,
    )
    return {(LaneKey(row[0], row[1]), row[2]): OrderUnits(*row[3:6]) for row in rows}


async def read_aside(
    connection: Connection, sale_id: int | None
) -> dict[tuple[LaneKey, int], Delta]:
    """Return what unresolved dead letters moved in the totals, but not in rows of orders."""
    rows = await connection.fetch(
        "SELECT sale_id, lane, body FROM dead_letters WHERE resolved_at IS NULL"
        " AND type <> 'broken' AND reason NOT LIKE '%(totals not moved)'"
        " AND ($1::bigint IS NULL OR sale_id = $1)",
        sale_id,
    )
    deltas: defaultdict[LaneKey, Deltas] = defaultdict(Deltas)
    for row in rows:
        try:
            deltas[LaneKey(row[0], row[1])].apply(journal.decode(row[2].encode()))
        except msgspec.MsgspecError:
            continue  # its entry was no entry, so it moved nothing
    return {
        (key, product): delta for key, found in deltas.items() for product, delta in found.items()
    }


async def read_keys_reused(
    connection: Connection, sale_id: int | None
) -> tuple[int, tuple[str, ...]]:
    """Return how many idempotency keys there are, and those that made two orders in a day."""
    row = await connection.fetchrow(
        "SELECT count(*) AS keys, (array_agg(format('user %s of sale %s, order %s', user_id,"
        " sale_id, id)) FILTER (WHERE created_at - before < $2::text::interval))[1:$3] AS reused"
        " FROM (SELECT id, sale_id, user_id, created_at, lag(created_at) OVER ("
        " PARTITION BY sale_id, user_id, idempotency_key ORDER BY created_at) AS before"
        " FROM orders WHERE idempotency_key IS NOT NULL"
        " AND ($1::bigint IS NULL OR sale_id = $1)) AS keyed",
        sale_id, KEY_LIVES, EXAMPLES_MAX,
    )  # fmt: skip
    return row["keys"], tuple(row["reused"] or ())


async def read_over_limit(
    connection: Connection, sale_id: int | None
) -> tuple[int, tuple[OverLimit, ...]]:
    """Return how many (buyer, item) of limited items there are, and those above the limit.

    Units of an order whose refund was restocked do not count, as in the store.
    """
    rows = await connection.fetch(
        "WITH restocked AS (SELECT r.order_id, m.product_id, sum(m.units) AS units"
        " FROM stock_moves AS m JOIN refunds AS r ON r.id = m.refund_id"
        " WHERE m.kind = 'restock' AND m.state = 'done' GROUP BY 1, 2),"
        " bought AS (SELECT o.sale_id, o.user_id, l.product_id,"
        " sum(l.quantity - coalesce(k.units, 0))::bigint AS units, i.max_per_user FROM orders AS o"
        " JOIN order_lines AS l ON l.order_id = o.id"
        " JOIN sale_items AS i ON i.sale_id = o.sale_id AND i.product_id = l.product_id"
        " LEFT JOIN restocked AS k ON k.order_id = o.id AND k.product_id = l.product_id"
        " WHERE i.max_per_user IS NOT NULL AND ($1::bigint IS NULL OR o.sale_id = $1)"
        " AND (o.status IN ('PENDING', 'PAID')"
        " OR o.status = 'REFUNDED' AND o.payment_id IS NOT NULL)"
        " GROUP BY 1, 2, 3, i.max_per_user)"
        " SELECT sale_id, user_id, product_id, units, max_per_user, count(*) OVER () AS checked,"
        " units > max_per_user AS over FROM bought ORDER BY over DESC, units DESC LIMIT $2",
        sale_id, EXAMPLES_MAX,
    )  # fmt: skip
    over = tuple(
        OverLimit(
            row["sale_id"], row["user_id"], row["product_id"], row["units"], row["max_per_user"]
        )
        for row in rows
        if row["over"]
    )
    return rows[0]["checked"] if rows else 0, over


async def read_overdue_orders(connection: Connection, sale_id: int | None) -> list[str]:
    """Return pending orders long past their end, but for those that wait for a provider."""
    rows = await connection.fetch(
        "SELECT id::text FROM orders WHERE status = 'PENDING' AND hold_state <> 'EXPIRING'"
        " AND expires_at < now() - make_interval(secs => $2)"
        " AND ($1::bigint IS NULL OR sale_id = $1) LIMIT 1000",
        sale_id, OVERDUE_S,
    )  # fmt: skip
    return [row[0] for row in rows]


async def read_moves(
    connection: Connection, sale_id: int | None
) -> dict[tuple[LaneKey, int], Moved]:
    """Return units that moves gave each item, and how many moves are stuck."""
    rows = await connection.fetch(
        "SELECT sale_id, lane, product_id,"
        " coalesce(sum(units) FILTER (WHERE kind IN ('open', 'add') AND state = 'done'), 0)"
        "::bigint, count(*) FILTER (WHERE state = 'intended'"
        " AND created_at < now() - make_interval(secs => $2)) FROM stock_moves"
        " WHERE $1::bigint IS NULL OR sale_id = $1 GROUP BY 1, 2, 3",
        sale_id, MOVE_TAKES_S,
    )  # fmt: skip
    return {(LaneKey(row[0], row[1]), row[2]): Moved(row[3], row[4]) for row in rows}
