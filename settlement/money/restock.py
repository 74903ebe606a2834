"""Units of a refunded order go back on sale, by stock moves that are finished after any crash.

The store debits, its journal entry finishes the move in Postgres. A lane that the store has dropped
has no journal: then the product is credited here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import structlog

from lua import keys, restock
from lua.outcomes import Already, Closed
from migrations.engine import raw_connection
from settlement.money.context import Connection, Money
from settlement.stock_moves.rows import give_stock

log = structlog.get_logger(__name__)

_INTENDED: Final = (
    "SELECT m.id::text AS move, m.sale_id, m.lane, m.product_id, m.units, r.order_id::text AS"
    " order_id, o.user_id, l.unit_price_minor, s.state AS sale_state FROM stock_moves AS m"
    " JOIN refunds AS r ON r.id = m.refund_id JOIN orders AS o ON o.id = r.order_id"
    " JOIN order_lines AS l ON l.order_id = o.id AND l.product_id = m.product_id"
    " JOIN sales AS s ON s.id = m.sale_id WHERE m.kind = 'restock' AND m.state = 'intended'"
)


async def restock_order(money: Money, refund_id: str) -> int:
    """Carry out the restock moves of a refund's order; returns how many were carried out.

    Raises StoreUnreachable, ScriptFailed, and what the database raises.
    """
    async with raw_connection(money.engine) as connection:
        moves = await connection.fetch(
            _INTENDED + " AND r.order_id = (SELECT order_id FROM refunds WHERE id = $1)", refund_id
        )
    return await _carry_out(money, moves)


async def restock_late(money: Money, older_than_s: float, most: int) -> int:
    """Carry out restock moves that were cut short. Raises as `restock_order`."""
    async with raw_connection(money.engine) as connection:
        moves = await connection.fetch(
            _INTENDED + " AND m.created_at < now() - make_interval(secs => $1)"
            " ORDER BY m.created_at LIMIT $2",
            older_than_s,
            most,
        )
    return await _carry_out(money, moves)


async def _carry_out(money: Money, moves: Sequence[Mapping[str, Any]]) -> int:
    done = 0
    for move in moves:
        done += await _restock_one(money, move)
    return done


async def _restock_one(money: Money, move: Mapping[str, Any]) -> bool:
    base = keys.lane_base(move["sale_id"], move["lane"])
    lines = f"[[{move['product_id']},{move['units']},{move['unit_price_minor']}]]"
    arguments = (base, move["move"], move["order_id"], move["user_id"], lines)
    outcome = await restock.restock(money.store, *arguments)
    if isinstance(outcome, Closed):
        await money.store.refresh()
        outcome = await restock.restock(money.store, *arguments)
    match outcome:
        case restock.Restocked() | Already():
            return True
        case restock.NotSold():
            log.error("restock_undone", move=move["move"], order=move["order_id"])
            async with raw_connection(money.engine) as connection:
                await _end(connection, move["move"], "undone")
            return False
        case Closed(gate=gate):
            if gate or move["sale_state"] != "closed":
                return False
            async with raw_connection(money.engine) as connection:
                await _credit_product(connection, move)
            return True
        case _:
            assert_never(outcome)


async def _credit_product(connection: Connection, move: Mapping[str, Any]) -> None:
    async with connection.transaction():
        if not await _end(connection, move["move"], "done"):
            return
        await connection.execute(
            "UPDATE lane_items SET sold = sold - $4, units = units - $4, returned = returned + $4"
            " WHERE sale_id = $1 AND lane = $2 AND product_id = $3",
            move["sale_id"],
            move["lane"],
            move["product_id"],
            move["units"],
        )
        await give_stock(connection, move["product_id"], move["units"])


async def _end(connection: Connection, move_id: str, state: str) -> bool:
    status = await connection.execute(
        "UPDATE stock_moves SET state = $2, finished_at = now()"
        " WHERE id = $1 AND state = 'intended'",
        move_id,
        state,
    )
    return bool(status == "UPDATE 1")
