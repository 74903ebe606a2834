"""A sale as it is now: what was agreed, from Postgres; its state and numbers, from the store.

Where the store has nothing of the sale the numbers are Postgres's: before it was opened, and when
it has long been closed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.process import Process
from gateway.sales.sale import Sale, SaleItem, StateWord, state_word
from gateway.sales.sale_rows import ItemRow, SaleRow, item_rows, sale_row
from gateway.sales.store_numbers import Numbers, StoreNumbers, read_numbers
from lua.store import StoreUnreachable


async def read_sale(process: Process, sale_id: int) -> Sale | None:
    """One sale with its numbers of now. Raises StoreUnreachable."""
    found = await read_rows(process, sale_id)
    if found is None:
        return None
    row, items = found
    return shown(row, items, await _numbers(process, row))


async def read_rows(process: Process, sale_id: int) -> tuple[SaleRow, list[ItemRow]] | None:
    """What Postgres has of a sale."""
    async with process.database.connect() as connection:
        row = await sale_row(connection, sale_id)
        return None if row is None else (row, await item_rows(connection, [sale_id]))


async def read_sales(
    process: Process, connection: AsyncConnection, rows: Sequence[SaleRow]
) -> list[Sale]:
    """These sales with their numbers of now. Raises StoreUnreachable."""
    items = await item_rows(connection, [row.id for row in rows])
    numbers = await asyncio.gather(*(_numbers(process, row) for row in rows))
    return [
        shown(row, [item for item in items if item.sale_id == row.id], found)
        for row, found in zip(rows, numbers, strict=True)
    ]


def shown(row: SaleRow, items: Sequence[ItemRow], found: StoreNumbers | None) -> Sale:
    """Put the two together."""
    now = row.now if found is None else found.now
    return Sale(
        id=row.id,
        name=row.name,
        state=_word(row, found, now),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        server_time=now,
        position="" if found is None else found.position,
        hold_ttl_s=row.hold_ttl_s,
        currency=row.currency,
        items=[_item(row, item, found) for item in items],
    )


async def _numbers(process: Process, row: SaleRow) -> StoreNumbers | None:
    if row.state == "draft":
        return None
    try:
        return await read_numbers(process.store, row.id, row.lanes)
    except StoreUnreachable:
        if row.state == "closed":
            return None
        raise


def _word(row: SaleRow, found: StoreNumbers | None, now: datetime) -> StateWord:
    state, paused = row.state, row.paused
    if found is not None and row.state != "closed":
        paused = found.state == "paused"
        state = "open" if found.state == "paused" else found.state
    return state_word(state, paused=paused, starts_at=row.starts_at, ends_at=row.ends_at, now=now)


def _item(row: SaleRow, item: ItemRow, found: StoreNumbers | None) -> SaleItem:
    numbers = None if found is None else found.items.get(item.product_id)
    if numbers is None:
        numbers = _of_postgres(item)
    return SaleItem(
        product_id=item.product_id,
        name=item.name,
        price_minor=item.price_minor,
        original_price_minor=item.original_price_minor,
        currency=row.currency,
        max_per_user=item.max_per_user,
        units=numbers.units,
        available=numbers.available,
        held=numbers.held,
        sold=numbers.sold,
    )


def _of_postgres(item: ItemRow) -> Numbers:
    if item.settled:
        return Numbers(item.units, item.available, item.held, item.sold)
    return Numbers(item.first_units, item.first_units, 0, 0)
