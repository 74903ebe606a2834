"""A draft's units go on sale: out of the products in Postgres, then into the store."""

from typing import Final

import asyncpg
import uuid_utils.compat as uuids
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys
from lua.open import Item as LaneItem
from lua.open import open_lane
from lua.outcomes import Closed
from lua.store import Store, StoreUnreachable
from migrations.engine import raw_connection
from settlement.drain.lanes import Connection
from settlement.stock_moves import rows
from settlement.stock_moves.announce import announce, tell
from settlement.stock_moves.audit import By, user_of, write_audit
from settlement.stock_moves.outcomes import (
    Done,
    NoSuchSale,
    NotEnough,
    NotSellable,
    OnSaleElsewhere,
    OpenOutcome,
    Pending,
    WrongState,
)

TAKEN: Final = "uq_sale_items_open_product"


async def open_sale(
    store: Store, engine: AsyncEngine, sale_id: int, journal_max: int, by: By | None = None
) -> OpenOutcome:
    """Open a draft; opening an open sale again finishes what a crash left, and changes nothing.

    Each phase is atomic. Raises what the database raises; then nothing was moved.
    """
    async with raw_connection(engine) as connection:
        refused = await _debit_products(connection, sale_id, by)
        if refused is not None:
            return refused
        sale = await rows.read_sale(connection, sale_id)
        items = await rows.read_items(connection, sale_id)
    if sale is None:
        return NoSuchSale()
    return await credit_lanes(store, sale, items, journal_max)


async def credit_lanes(
    store: Store, sale: rows.Sale, items: list[rows.Item], journal_max: int
) -> Done | Pending:
    """Put the units of an open sale on sale in the store; again changes nothing.

    The products are announced first: the last lane that is opened ends the intent, and nobody
    would come back for what is left to do then.
    """
    try:
        await announce(store, sale.id, [item.product for item in items])
        for lane in range(sale.lanes):
            share = [
                LaneItem(
                    item.product,
                    lane_share(item.units, sale.lanes, lane),
                    item.price_minor,
                    item.limit,
                )
                for item in items
            ]
            base = keys.lane_base(sale.id, lane)
            outcome = await open_lane(store, base, rows.terms(sale, journal_max), share)
            if isinstance(outcome, Closed):
                return Pending()
        await tell(store, sale.id)
    except StoreUnreachable:
        return Pending()
    return Done()


def lane_share(units: int, lanes: int, lane: int) -> int:
    """Return how many of ``units`` a lane gets; the first lanes get the rest."""
    return units // lanes + (1 if lane < units % lanes else 0)


async def _debit_products(
    connection: Connection, sale_id: int, by: By | None
) -> OpenOutcome | None:
    """Phase one; None: the sale is open now, or was."""
    try:
        async with connection.transaction():
            sale = await rows.read_sale(connection, sale_id, lock=True)
            if sale is None:
                return NoSuchSale()
            if sale.state == "open":
                return None
            if sale.state != "draft":
                return WrongState(sale.state)
            if sale.over:
                return WrongState("over")
            items = await rows.read_items(connection, sale_id, lock=True)
            for item in items:
                if not item.sellable:
                    return NotSellable(item.product)
                if item.stock < item.units:
                    return NotEnough(item.product, item.stock)
            await rows.open_rows(connection, sale, range(sale.lanes))
            for item in items:
                await rows.take_stock(connection, item.product, item.units)
                await _intend(connection, sale, item, by)
            given = {str(item.product): item.units for item in items}
            await write_audit(connection, by, "sale.opened", sale_id, after={"units": given})
    except asyncpg.UniqueViolationError as taken:
        if taken.constraint_name != TAKEN:
            raise
        return OnSaleElsewhere(await _taken_product(connection, sale_id))
    return None


async def _intend(connection: Connection, sale: rows.Sale, item: rows.Item, by: By | None) -> None:
    for lane in range(sale.lanes):
        units = lane_share(item.units, sale.lanes, lane)
        if units:
            move = rows.Move(
                str(uuids.uuid7()), sale.id, lane, item.product, "open", units, "intended"
            )
            await rows.insert_move(connection, move, None, user_of(by))


async def _taken_product(connection: Connection, sale_id: int) -> int:
    found = await connection.fetchval(
        "SELECT product_id FROM sale_items AS mine WHERE sale_id = $1 AND EXISTS (SELECT FROM"
        " sale_items AS theirs WHERE theirs.product_id = mine.product_id AND theirs.open"
        " AND theirs.sale_id <> $1) ORDER BY product_id LIMIT 1",
        sale_id,
    )
    return int(found or 0)
