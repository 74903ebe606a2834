"""The statements that settle a batch: a handful, each for all its rows at once, in a fixed order.

Rows of items and products are locked in product order, so that two writers cannot deadlock.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg
import uuid_utils.compat as uuids

from lua.journal import Position
from settlement.drain.lanes import Lane
from settlement.drain.plan import NewOrder, OrderChange, Plan, Verdict, product_credits
from settlement.drain.read_batch import RawEntry

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def move_cursor(connection: Connection, lane: Lane, end: Position) -> bool:
    """Move the lane's cursor from where it was read to ``end``; False: somebody else was there."""
    status = await connection.execute(
        "UPDATE journal_cursors SET generation = $5, seq = $6, updated_at = now()"
        " WHERE sale_id = $1 AND lane = $2 AND generation = $3 AND seq = $4",
        lane.sale_id, lane.lane, lane.cursor.generation, lane.cursor.seq, end.generation, end.seq,
    )  # fmt: skip
    return bool(status == "UPDATE 1")


async def write_journal(
    connection: Connection, lane: Lane, entries: Sequence[RawEntry], words: Sequence[str]
) -> None:
    """Keep the entries as they came; ``words`` are their types."""
    await connection.execute(
        "INSERT INTO journal (sale_id, lane, generation, seq, type, body)"
        " SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[])",
        lane.sale_id, lane.lane,
        [entry.position.generation for entry in entries],
        [entry.position.seq for entry in entries],
        words,
        [entry.body.decode() for entry in entries],
    )  # fmt: skip


async def write_plan(connection: Connection, lane: Lane, plan: Plan) -> None:
    """Write everything a batch amounts to. Raises asyncpg errors of class 22 or 23 for bad rows."""
    if plan.opened:
        await _open_items(connection, lane, plan.opened)
    if plan.orders:
        await _insert_orders(connection, lane, plan)
    changes = {order: c for order, c in plan.changes.items() if order not in plan.orders}
    if changes:
        await _update_orders(connection, changes)
    if plan.verdicts:
        await _write_verdicts(connection, list(plan.verdicts.values()))
    await write_totals(connection, lane, plan)
    if plan.moves_done:
        await _finish_moves(connection, plan.moves_done)
    if plan.sale_state or plan.paused is not None:
        await _change_sale(connection, lane, plan)


async def write_totals(connection: Connection, lane: Lane, plan: Plan) -> None:
    """Move the item totals of a lane, and credit products with what left it."""
    products = sorted(plan.deltas)
    if not products:
        return
    deltas = [plan.deltas[product] for product in products]
    await connection.execute(
        "UPDATE lane_items AS i SET units = i.units + d.units,"
        " available = i.available + d.available, held = i.held + d.held,"
        " sold = i.sold + d.sold, returned = i.returned + d.returned"
        " FROM (SELECT * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],"
        " $7::bigint[], $8::bigint[])"
        " AS d (product_id, units, available, held, sold, returned) ORDER BY 1) AS d"
        " WHERE i.sale_id = $1 AND i.lane = $2 AND i.product_id = d.product_id",
        lane.sale_id, lane.lane, products,
        [d.units for d in deltas], [d.available for d in deltas], [d.held for d in deltas],
        [d.sold for d in deltas], [d.returned for d in deltas],
    )  # fmt: skip
    for product, units in product_credits(plan.deltas):
        await connection.execute(
            "UPDATE products SET stock = stock + $2, updated_at = now() WHERE id = $1",
            product,
            units,
        )


async def _open_items(connection: Connection, lane: Lane, items: Sequence[tuple[int, int]]) -> None:
    await connection.execute(
        "INSERT INTO lane_items (sale_id, lane, product_id, units, available)"
        " SELECT $1, $2, product, units, units FROM unnest($3::bigint[], $4::bigint[])"
        " AS o (product, units)",
        lane.sale_id, lane.lane, [product for product, _ in items], [units for _, units in items],
    )  # fmt: skip
    await connection.execute(
        "UPDATE stock_moves SET state = 'done', finished_at = now()"
        " WHERE sale_id = $1 AND lane = $2 AND kind = 'open' AND state = 'intended'",
        lane.sale_id, lane.lane,
    )  # fmt: skip


async def _insert_orders(connection: Connection, lane: Lane, plan: Plan) -> None:
    orders = list(plan.orders.values())
    changes = [plan.changes[order.id] for order in orders]
    await connection.execute(
        "INSERT INTO orders (id, sale_id, lane, user_id, status, hold_state, total_minor, currency,"
        " idempotency_key, fingerprint, created_at, expires_at, paid_at, ended_at, failed_reason,"
        " payment_id, seq, updated_at)"
        " SELECT id::uuid, $1, $2, user_id, status, hold_state, total, currency, key, fingerprint,"
        " to_timestamp(created / 1000.0), to_timestamp(deadline / 1000.0),"
        " to_timestamp(paid / 1000.0), to_timestamp(ended / 1000.0), reason, payment::uuid, seq,"
        " to_timestamp(at / 1000.0)"
        " FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[],"
        " $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],"
        " $15::text[], $16::text[], $17::bigint[], $18::bigint[])"
        " AS o (id, user_id, status, hold_state, total, currency, key, fingerprint, created,"
        " deadline, paid, ended, reason, payment, seq, at)",
        lane.sale_id, lane.lane, *_order_columns(orders, changes),
    )  # fmt: skip
    lines = [
        (order.id, product, at, quantity, price)
        for order in orders
        for at, (product, quantity, price) in enumerate(order.lines)
    ]
    await connection.execute(
        "INSERT INTO order_lines (order_id, product_id, line, quantity, unit_price_minor)"
        " SELECT id::uuid, product, line, quantity, price"
        " FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::smallint[], $5::bigint[])"
        " AS l (id, product, line, quantity, price)",
        *_columns(lines, 5),
    )


def _order_columns(orders: Sequence[NewOrder], changes: Sequence[OrderChange]) -> list[list[Any]]:
    return _columns(
        [
            (
                order.id, order.user, change.status, change.hold_state, order.total_minor,
                order.currency, order.key, order.fingerprint, order.created_ms, change.deadline_ms,
                change.paid_ms, change.ended_ms, change.reason, change.payment, change.seq,
                change.at_ms,
            )
            for order, change in zip(orders, changes, strict=True)
        ],
        16,
    )  # fmt: skip


async def _update_orders(connection: Connection, changes: dict[str, OrderChange]) -> None:
    rows = [
        (
            order, c.status, c.hold_state, c.deadline_ms, c.paid_ms, c.ended_ms, c.reason,
            c.payment, c.seq, c.at_ms,
        )
        for order, c in changes.items()
    ]  # fmt: skip
    await connection.execute(
        "UPDATE orders AS o SET status = coalesce(c.status, o.status),"
        " hold_state = CASE WHEN c.status IS NULL THEN o.hold_state ELSE c.hold_state END,"
        " expires_at = coalesce(to_timestamp(c.deadline / 1000.0), o.expires_at),"
        " paid_at = coalesce(to_timestamp(c.paid / 1000.0), o.paid_at),"
        " ended_at = coalesce(to_timestamp(c.ended / 1000.0), o.ended_at),"
        " failed_reason = coalesce(c.reason, o.failed_reason),"
        " payment_id = coalesce(c.payment::uuid, o.payment_id),"
        " seq = c.seq, updated_at = to_timestamp(c.at / 1000.0)"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],"
        " $7::text[], $8::text[], $9::bigint[], $10::bigint[])"
        " AS c (id, status, hold_state, deadline, paid, ended, reason, payment, seq, at)"
        " WHERE o.id = c.id::uuid",
        *_columns(rows, 10),
    )


async def _write_verdicts(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    await connection.execute(
        "UPDATE payments AS p SET status = 'SUCCEEDED', verdict = v.verdict,"
        " verdict_reason = v.reason, succeeded_at = to_timestamp(v.at / 1000.0), updated_at = now()"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])"
        " AS v (id, verdict, reason, at) WHERE p.id = v.id::uuid AND p.verdict IS NULL",
        *_columns([(v.payment, v.verdict, v.reason, v.at_ms) for v in verdicts], 4),
    )
    refunds = [v for v in verdicts if v.verdict == "refund"]
    if refunds:
        await connection.execute(
            "INSERT INTO refunds (id, payment_id, order_id, amount_minor, currency, cause, status,"
            " idempotency_key, next_attempt_at)"
            " SELECT v.refund::uuid, p.id, p.order_id, p.amount_minor, p.currency, v.cause,"
            " 'requested', 'refund:' || p.id || ':' || v.cause, now()"
            " FROM unnest($1::text[], $2::text[], $3::text[]) AS v (refund, payment, cause)"
            " JOIN payments AS p ON p.id = v.payment::uuid ON CONFLICT DO NOTHING",
            *_columns([(str(uuids.uuid7()), v.payment, v.reason) for v in refunds], 3),
        )


async def _finish_moves(connection: Connection, moves: Sequence[str]) -> None:
    await connection.execute(
        "UPDATE stock_moves SET state = 'done', finished_at = now()"
        " WHERE id = ANY($1::text[]::uuid[]) AND state = 'intended'",
        list(moves),
    )


async def _change_sale(connection: Connection, lane: Lane, plan: Plan) -> None:
    if plan.paused is not None:
        await connection.execute(
            "UPDATE sales SET paused = $2 WHERE id = $1", lane.sale_id, plan.paused
        )
    if plan.sale_state:
        await connection.execute(
            "UPDATE sales SET state = 'closing' WHERE id = $1 AND state = 'open'", lane.sale_id
        )
    if plan.sale_state == "closed":
        await connection.execute(
            "UPDATE journal_cursors SET retired_at = now() WHERE sale_id = $1 AND lane = $2",
            lane.sale_id, lane.lane,
        )  # fmt: skip
        closed = await connection.fetchval(
            "UPDATE sales SET state = 'closed', closed_at = now() WHERE id = $1 AND NOT EXISTS"
            " (SELECT FROM journal_cursors WHERE sale_id = $1 AND retired_at IS NULL)"
            " RETURNING id",
            lane.sale_id,
        )
        if closed:
            await connection.execute(
                "UPDATE sale_items SET open = false WHERE sale_id = $1", lane.sale_id
            )


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows into columns; ``width`` columns even for no rows."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
