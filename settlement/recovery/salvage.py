"""Brings Postgres up to the store when the journal no longer reaches its cursor.

That is a Postgres restored to a point older than the journal is kept. What happened in between is
known only by its result: the records of the orders, and the totals. Those are written as they are,
in one transaction a lane; the entries that are lost are named in a dead letter, which stays until
somebody has looked at it. Only `flashsale recover --from-valkey` does this, never the worker.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from lua import keys
from lua.hold import Hold, read
from lua.hold_states import OPEN, order_state
from lua.journal import Position
from lua.snapshot import LaneNow
from lua.store import Store
from settlement.drain.lanes import Connection, Lane

PAGE: Final = 2_000
UUID_CHARS: Final = 36
"""Of an order's id; the other fields of the same hash are digests of 32."""


async def salvage_lane(
    store: Store, connection: Connection, lane: Lane, found: LaneNow
) -> tuple[Lane, int]:
    """Write the lane's orders and totals as the store has them, and move the cursor to its seq.

    The gate must be closed, so that nothing moves meanwhile. Returns the lane at its new cursor,
    and how many orders were written. Raises what redis and the database raise; then nothing was.
    """
    written = 0
    end = Position(store.generation, found.seq)
    async with connection.transaction():
        await connection.execute("SET LOCAL transaction_timeout = 0")
        async for page in _read_holds(store, lane):
            await _write_orders(connection, lane, found.currency, page)
            written += len(page)
        await _write_totals(connection, lane, found)
        await _write_letter(connection, lane, end)
        await connection.execute(
            "UPDATE journal_cursors SET generation = $3, seq = $4, updated_at = now()"
            " WHERE sale_id = $1 AND lane = $2",
            lane.sale_id,
            lane.lane,
            end.generation,
            end.seq,
        )
    return Lane(lane.sale_id, lane.lane, end), written


async def _read_holds(store: Store, lane: Lane) -> AsyncIterator[list[tuple[str, Hold]]]:
    for slot in range(keys.HOLD_SLOTS):
        cursor, name = 0, keys.key(lane.base, "HOLDS", slot)
        while True:
            cursor, page = await store.client.hscan(name, cursor, count=PAGE)
            holds = [
                (order.decode(), read(record))
                for order, record in page.items()
                if len(order) == UUID_CHARS
            ]
            if holds:
                yield holds
            if cursor == 0:
                break


async def _write_orders(
    connection: Connection, lane: Lane, currency: str, page: list[tuple[str, Hold]]
) -> None:
    """Insert what is missing, and bring what is older up to the record."""
    rows = [_row(order, hold) for order, hold in page]
    await connection.execute(
        "INSERT INTO orders (id, sale_id, lane, user_id, status, hold_state, total_minor, currency,"
        " created_at, expires_at, paid_at, ended_at, payment_id, seq)"
        " SELECT id::uuid, $1, $2, user_id, status, hold_state, total, $3,"
        " to_timestamp(created / 1000.0), to_timestamp(deadline / 1000.0),"
        " CASE WHEN status = 'PAID' THEN now() END,"
        " CASE WHEN status <> 'PENDING' THEN now() END, payment::uuid, seq"
        " FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],"
        " $10::bigint[], $11::text[], $12::bigint[])"
        " AS o (id, user_id, status, hold_state, total, created, deadline, payment, seq)"
        " ON CONFLICT (id) DO UPDATE SET status = excluded.status,"
        " hold_state = excluded.hold_state, expires_at = excluded.expires_at,"
        " paid_at = coalesce(orders.paid_at, excluded.paid_at),"
        " ended_at = coalesce(orders.ended_at, excluded.ended_at),"
        " payment_id = coalesce(orders.payment_id, excluded.payment_id), seq = excluded.seq,"
        " updated_at = now() WHERE orders.seq < excluded.seq",
        lane.sale_id,
        lane.lane,
        currency,
        *(list(column) for column in zip(*rows, strict=True)),
    )
    lines = [
        (order, at, *line)
        for order, hold in page
        for at, line in enumerate(msgspec.json.decode(hold.lines, type=list[tuple[int, int, int]]))
    ]
    await connection.execute(
        "INSERT INTO order_lines (order_id, line, product_id, quantity, unit_price_minor)"
        " SELECT id::uuid, line, product, quantity, price"
        " FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::smallint[], $5::bigint[])"
        " AS l (id, line, product, quantity, price) ON CONFLICT DO NOTHING",
        *(list(column) for column in zip(*lines, strict=True)),
    )
    await connection.execute(
        "UPDATE payments AS p SET status = 'SUCCEEDED', verdict = 'confirmed',"
        " succeeded_at = coalesce(p.succeeded_at, now()), updated_at = now()"
        " FROM unnest($1::text[]) AS paid (id) WHERE p.id = paid.id::uuid AND p.verdict IS NULL",
        [hold.payment for _, hold in page if hold.state == "PAID"],
    )


def _row(order: str, hold: Hold) -> tuple[Any, ...]:
    status = "EXPIRED" if hold.state == "REFUNDED" else order_state(hold.state)
    return (
        order,
        hold.user,
        status,
        hold.state if hold.state in OPEN else None,
        hold.total_minor,
        hold.created_ms,
        hold.deadline_ms,
        hold.payment if hold.state == "PAID" else None,
        hold.seq,
    )


async def _write_totals(connection: Connection, lane: Lane, found: LaneNow) -> None:
    for item in sorted(found.items.values(), key=lambda item: item.product):
        await connection.execute(
            "INSERT INTO lane_items (sale_id, lane, product_id, units, available, held, sold)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT (sale_id, lane, product_id) DO UPDATE SET units = excluded.units,"
            " available = excluded.available, held = excluded.held, sold = excluded.sold",
            lane.sale_id,
            lane.lane,
            item.product,
            item.units,
            item.available,
            item.held,
            item.sold,
        )


async def _write_letter(connection: Connection, lane: Lane, end: Position) -> None:
    await connection.execute(
        "INSERT INTO dead_letters (sale_id, lane, generation, seq, type, body, reason)"
        " VALUES ($1, $2, $3, $4, 'gap', $5, $6)",
        lane.sale_id,
        lane.lane,
        end.generation,
        lane.cursor.seq + 1,
        f"{lane.cursor.seq + 1}..{end.seq}",
        "these entries are lost; orders and totals were taken from the store's records instead."
        " Look at payments, refunds and stock moves of that time by hand",
    )
