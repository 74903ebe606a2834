"""Units are added to a running sale, or taken back from what is available."""

from typing import assert_never

import uuid_utils.compat as uuids
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import adjust as lua_adjust
from lua import keys
from lua.outcomes import Already, Closed, NotInSale
from lua.store import Store, StoreUnreachable
from migrations.engine import raw_connection
from settlement.drain.lanes import Connection
from settlement.stock_moves import rows
from settlement.stock_moves.audit import By, user_of, write_audit
from settlement.stock_moves.outcomes import (
    Done,
    InUse,
    KeyReused,
    MoveOutcome,
    NoSuchItem,
    NoSuchSale,
    NotEnough,
    Pending,
    WrongState,
)


async def move_units(
    store: Store,
    engine: AsyncEngine,
    sale_id: int,
    product: int,
    delta: int,
    *,
    key: str | None = None,
    by: By | None = None,
) -> MoveOutcome:
    """Add ``delta`` units to an item of an open sale, or take them back when it is negative.

    The same key again finishes or reports the same move. Raises what the database raises; then
    nothing was moved.
    """
    async with raw_connection(engine) as connection:
        intent = await _intend(connection, sale_id, product, delta, key, by)
        if not isinstance(intent, rows.Move):
            return intent
        return await carry_out(store, connection, intent)


async def carry_out(store: Store, connection: Connection, move: rows.Move) -> MoveOutcome:
    """Do an intent in the store, or undo it where the store refuses; again changes nothing."""
    if move.state == "done":
        return Done()
    delta = move.units if move.kind == "add" else -move.units
    base = keys.lane_base(move.sale_id, move.lane)
    try:
        outcome = await lua_adjust.adjust(store, base, move.id, move.product, delta)
    except StoreUnreachable:
        return Pending()
    refusal: MoveOutcome
    match outcome:
        case lua_adjust.Adjusted() | Already():
            return Done()
        case Closed():
            return Pending()
        case lua_adjust.InUse(available=available):
            refusal = InUse(available)
        case lua_adjust.NotOpen(state=state):
            refusal = WrongState(state)
        case NotInSale(product=product):
            refusal = NoSuchItem(product)
        case _:
            assert_never(outcome)
    async with connection.transaction():
        await rows.undo_move(connection, move)
    return refusal


async def _intend(
    connection: Connection, sale_id: int, product: int, delta: int, key: str | None, by: By | None
) -> rows.Move | MoveOutcome:
    kind: rows.Kind = "add" if delta > 0 else "take_back"
    async with connection.transaction():
        sale = await rows.read_sale(connection, sale_id, lock=True)
        if sale is None:
            return NoSuchSale()
        known = await rows.find_move(connection, sale_id, key) if key else None
        if known is not None:
            same = (known.product, known.kind, known.units) == (product, kind, abs(delta))
            return _known(known) if same else KeyReused()
        if sale.state != "open":
            return WrongState(sale.state)
        if product not in {item.product for item in await rows.read_items(connection, sale_id)}:
            return NoSuchItem(product)
        if kind == "add":
            stock = await rows.take_stock(connection, product, delta)
            if stock is not None:
                return NotEnough(product, stock)
        move = rows.Move(str(uuids.uuid7()), sale_id, 0, product, kind, abs(delta), "intended")
        await rows.insert_move(connection, move, key, user_of(by))
        await write_audit(
            connection,
            by,
            f"sale.units_{kind}",
            sale_id,
            after={"product": product, "delta": delta},
        )
    return move


def _known(move: rows.Move) -> rows.Move | MoveOutcome:
    return InUse(0) if move.state == "undone" else move
