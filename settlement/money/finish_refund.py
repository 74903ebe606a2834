"""What a refund's end makes of its payment and its order, in one transaction.

Rows are locked order first, then payment, then refund, as settlement does.
"""

from typing import Final

import uuid_utils.compat as uuids
from msgspec import Struct

from settlement.money.context import Connection

_MOVE_COLUMNS: Final = ("refund_id", "sale_id", "lane", "product_id", "quantity")


class Finished(Struct, frozen=True):
    """The refund succeeded just now. ``restocks``: units wait to go back on sale."""

    payment_is_refunded: bool
    restocks: bool


async def finish_refund(connection: Connection, refund_id: str, ref: str | None) -> Finished | None:
    """Write that the money is back; None when the refund had ended before.

    A payment given back in full is REFUNDED. The order follows when the payment had paid it, or
    when it was late or cancelled money; a duplicate or a mismatch leaves the order as it is.
    """
    async with connection.transaction():
        ids = await connection.fetchrow(
            "SELECT order_id, payment_id FROM refunds WHERE id = $1", refund_id
        )
        if ids is None:
            return None
        await connection.execute(
            "SELECT FROM orders WHERE id = $1 FOR NO KEY UPDATE", ids["order_id"]
        )
        payment = await connection.fetchrow(
            "SELECT id, amount_minor, verdict FROM payments WHERE id = $1 FOR NO KEY UPDATE",
            ids["payment_id"],
        )
        refund = await connection.fetchrow(
            "UPDATE refunds SET status = 'succeeded', provider_ref = coalesce($2, provider_ref),"
            " last_error = NULL, finished_at = now(), next_attempt_at = NULL"
            " WHERE id = $1 AND status IN ('requested', 'sent') RETURNING cause",
            refund_id,
            ref,
        )
        if payment is None or refund is None:
            return None
        given_back = await _given_back(connection, payment["id"])
        whole = given_back >= payment["amount_minor"] or refund["cause"] == "mismatch"
        if whole:
            await _close_payment(connection, payment["id"])
        await _follow(connection, ids["order_id"], payment["verdict"], refund["cause"], given_back)
        if not whole or payment["verdict"] not in {"confirmed", "retaken"}:
            return Finished(whole, restocks=False)
        return Finished(whole, restocks=await _intend_restock(connection, payment["id"]))


async def _given_back(connection: Connection, payment_id: str) -> int:
    found = await connection.fetchval(
        "SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds"
        " WHERE payment_id = $1 AND status = 'succeeded'",
        payment_id,
    )
    return int(found)


async def _close_payment(connection: Connection, payment_id: str) -> None:
    await connection.execute(
        "UPDATE payments SET status = 'REFUNDED', updated_at = now()"
        " WHERE id = $1 AND status IN ('SUCCEEDED', 'DISPUTED')",
        payment_id,
    )


async def _follow(
    connection: Connection, order_id: str, verdict: str | None, cause: str, given_back: int
) -> None:
    """Let the order tell what its buyer got back."""
    if verdict in {"confirmed", "retaken"}:
        states = ["PAID"]
    elif cause in {"late", "cancelled"}:
        states = ["EXPIRED", "FAILED", "CANCELLED"]
    else:
        return
    await connection.execute(
        "UPDATE orders SET refunded_minor = least(total_minor, $2::bigint),"
        " status = CASE WHEN $2::bigint >= total_minor THEN 'REFUNDED' ELSE status END,"
        " updated_at = now() WHERE id = $1 AND status = ANY($3::text[])",
        order_id,
        given_back,
        states,
    )


async def _intend_restock(connection: Connection, payment_id: str) -> bool:
    """Write one stock move for each line of the order, if one of its refunds asks for it.

    The last refund of several makes it whole, and is not always the one that asked.
    """
    lines = await connection.fetch(
        "SELECT r.id::text AS refund_id, o.sale_id, o.lane, l.product_id, l.quantity FROM ("
        " SELECT id, order_id FROM refunds WHERE payment_id = $1 AND restock"
        " AND status = 'succeeded' ORDER BY created_at LIMIT 1) AS r"
        " JOIN orders AS o ON o.id = r.order_id JOIN order_lines AS l ON l.order_id = o.id"
        " ORDER BY l.line",
        payment_id,
    )
    await connection.execute(
        "INSERT INTO stock_moves (id, sale_id, lane, product_id, kind, units, refund_id)"
        " SELECT m.id::uuid, m.sale_id, m.lane, m.product_id, 'restock', m.units, m.refund::uuid"
        " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[])"
        " AS m (id, refund, sale_id, lane, product_id, units) ON CONFLICT DO NOTHING",
        [str(uuids.uuid7()) for _ in lines],
        *([line[name] for line in lines] for name in _MOVE_COLUMNS),
    )
    return bool(lines)
