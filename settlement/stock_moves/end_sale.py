"""Pausing, resuming, closing; and closing by itself what is over."""

from typing import Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from lua import close as lua_close
from lua import keys
from lua import pause as lua_pause
from lua.outcomes import Closed
from lua.store import Store, StoreUnreachable
from migrations.engine import raw_connection
from settlement.stock_moves import rows
from settlement.stock_moves.announce import withdraw
from settlement.stock_moves.outcomes import Done, EndOutcome, NoSuchSale, Pending, WrongState


async def pause_sale(
    store: Store, engine: AsyncEngine, sale_id: int, state: Literal["paused", "open"]
) -> EndOutcome:
    """Pause an open sale, or resume it; settlement tells Postgres."""
    sale = await _read(engine, sale_id)
    if sale is None:
        return NoSuchSale()
    if sale.state != "open":
        return WrongState(sale.state)
    try:
        for lane in range(sale.lanes):
            outcome = await lua_pause.pause(store, keys.lane_base(sale_id, lane), state)
            if isinstance(outcome, Closed):
                return Pending()
            if outcome.state != state:
                return WrongState(outcome.state)
    except StoreUnreachable:
        return Pending()
    return Done()


async def close_sale(store: Store, engine: AsyncEngine, sale_id: int) -> EndOutcome:
    """Close an open sale; it is closed when its last hold has ended. Settlement tells Postgres."""
    sale = await _read(engine, sale_id)
    if sale is None:
        return NoSuchSale()
    if sale.state == "draft":
        return WrongState(sale.state)
    if sale.state == "closed":
        return Done()
    async with raw_connection(engine) as connection:
        items = await rows.read_items(connection, sale_id)
    try:
        for lane in range(sale.lanes):
            outcome = await lua_close.close_lane(store, keys.lane_base(sale_id, lane))
            if isinstance(outcome, Closed):
                return Pending()
        await withdraw(store, sale_id, [item.product for item in items])
    except StoreUnreachable:
        return Pending()
    return Done()


async def close_what_is_over(store: Store, engine: AsyncEngine) -> int:
    """Close the sales whose window has ended, and go on with those that are closing."""
    async with raw_connection(engine) as connection:
        over = await connection.fetch(
            "SELECT id FROM sales WHERE state = 'closing' OR (state = 'open' AND ends_at <= now())"
        )
    for row in over:
        await close_sale(store, engine, row["id"])
    return len(over)


async def _read(engine: AsyncEngine, sale_id: int) -> rows.Sale | None:
    async with raw_connection(engine) as connection:
        return await rows.read_sale(connection, sale_id)
