"""Carries on what a crash left between a phase and the next."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from lua.store import Store
from migrations.engine import raw_connection
from settlement.stock_moves import rows
from settlement.stock_moves.announce import reconcile
from settlement.stock_moves.move_units import carry_out
from settlement.stock_moves.open_sale import credit_lanes

LEFT_S: Final = 3.0
"""Age of an intent that its own request has surely given up: longer than a script call may take."""


async def finish_open_moves(
    store: Store, engine: AsyncEngine, journal_max: int, older_than_s: float = LEFT_S
) -> int:
    """Do again, or undo, every intent that was left, and mend the map of who sells what.

    Returns how much there was to do.
    """
    async with raw_connection(engine) as connection:
        left = await rows.intended(connection, older_than_s)
        for sale_id in sorted({move.sale_id for move in left if move.kind == "open"}):
            sale = await rows.read_sale(connection, sale_id)
            items = await rows.read_items(connection, sale_id)
            if sale is not None:
                await credit_lanes(store, sale, items, journal_max)
        for move in left:
            if move.kind != "open":
                await carry_out(store, connection, move)
        return len(left) + await reconcile(store, connection)
