"""Pausing, resuming, closing; and closing by itself what is over.

Postgres hears of each step from the journal. Who asked is written before the answer is given, in a
transaction around the calls of the store; asking again is harmless.
"""

from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from lua import close as lua_close
from lua import keys
from lua import pause as lua_pause
from lua.outcomes import Closed
from lua.store import Store, StoreUnreachable
from migrations.engine import raw_connection
from settlement.stock_moves import rows
from settlement.stock_moves.announce import withdraw
from settlement.stock_moves.audit import By, write_audit
from settlement.stock_moves.outcomes import Done, EndOutcome, NoSuchSale, Pending, WrongState

ACTIONS: Final = {"paused": "sale.paused", "open": "sale.resumed"}


async def pause_sale(
    store: Store,
    engine: AsyncEngine,
    sale_id: int,
    state: Literal["paused", "open"],
    by: By | None = None,
) -> EndOutcome:
    """Pause an open sale, or resume it; again changes nothing."""
    async with raw_connection(engine) as connection, connection.transaction():
        sale = await rows.read_sale(connection, sale_id)
        if sale is None:
            return NoSuchSale()
        if sale.state != "open":
            return WrongState(sale.state)
        changed = False
        try:
            for lane in range(sale.lanes):
                outcome = await lua_pause.pause(store, keys.lane_base(sale_id, lane), state)
                if isinstance(outcome, Closed):
                    return Pending()
                if outcome.state != state:
                    return WrongState(outcome.state)
                changed |= isinstance(outcome, lua_pause.Changed)
        except StoreUnreachable:
            return Pending()
        if changed:
            await write_audit(connection, by, ACTIONS[state], sale_id)
    return Done()


async def close_sale(
    store: Store, engine: AsyncEngine, sale_id: int, by: By | None = None
) -> EndOutcome:
    """Close an open sale; it is closed when its last hold has ended. Again changes nothing."""
    async with raw_connection(engine) as connection, connection.transaction():
        sale = await rows.read_sale(connection, sale_id)
        if sale is None:
            return NoSuchSale()
        if sale.state == "draft":
            return WrongState(sale.state)
        if sale.state == "closed":
            return Done()
        items = await rows.read_items(connection, sale_id)
        try:
            for lane in range(sale.lanes):
                outcome = await lua_close.close_lane(store, keys.lane_base(sale_id, lane))
                if isinstance(outcome, Closed):
                    return Pending()
            await withdraw(store, sale_id, [item.product for item in items])
        except StoreUnreachable:
            return Pending()
        if sale.state == "open":
            await write_audit(connection, by, "sale.closed", sale_id)
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
