"""Both stores as one: the store first, then Postgres, the higher seq wins."""

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.orders import settled, unsettled
from gateway.orders.shapes import LineSeen, OrderDetail, OrderSeen
from gateway.paging import Page
from gateway.process import Process
from lua import keys
from lua.order_ids import sale_and_lane
from lua.snapshot import read_currency
from lua.store import StoreUnreachable

DATABASE_AWAY = (OSError, TimeoutError)


async def list_own(
    process: Process, user_id: int, status: str | None, page: int, limit: int
) -> Page[OrderSeen]:
    """Return a page of a buyer's orders, right at once after each 201.

    Raises StoreUnreachable and what the database raises.
    """
    async with process.database.connect() as connection:
        currencies = await _open_sales(connection)
        latest = await unsettled.read_latest(process.store, user_id, [*currencies], currencies)
        seqs = await settled.read_seqs(connection, [order.id for order in latest])
        newer = [order for order in latest if order.seq > seqs.get(order.id, 0)]
        shown = [order for order in newer if status in {None, order.status}]
        wanted = settled.Wanted(
            user_id=user_id, status=status, without=[order.id for order in newer]
        )
        total = await settled.count_orders(connection, wanted) + len(shown)
        offset = (page - 1) * limit
        start = max(0, offset - len(shown))
        rows = await settled.read_orders(connection, wanted, start, offset + limit - start)
    merged = sorted([*rows, *shown], key=lambda order: (order.created_at, order.id), reverse=True)
    return Page(merged[offset - start : offset - start + limit], page, limit, total)


async def read_detail(process: Process, order: str) -> OrderDetail | None:
    """Return an order with all that belongs to it; without products while Postgres is away.

    None is said only when both stores say so. Raises StoreUnreachable.
    """
    lost: StoreUnreachable | None = None
    try:
        now = await _as_the_store_has_it(process, order)
    except StoreUnreachable as unreachable:
        now, lost = None, unreachable
    try:
        async with process.database.connect() as connection:
            row = await settled.read_order(connection, order)
    except DATABASE_AWAY:
        if now is None:
            raise
        row = None
    if row is None and lost is not None:
        raise lost
    if row is None:
        return None if now is None else _detail(now, now.lines)
    before, payments, refunds = row
    if now is not None and now.seq > before.seq:
        before = msgspec.structs.replace(
            before, status=now.status, expires_at=now.expires_at, seq=now.seq
        )
    return _detail(before, before.lines, payments, refunds)


def _detail(
    order: OrderSeen,
    lines: list[LineSeen],
    payments: list[dict[str, object]] | None = None,
    refunds: list[dict[str, object]] | None = None,
) -> OrderDetail:
    shared = {
        name: getattr(order, name)
        for name in OrderDetail.__struct_fields__
        if name in OrderSeen.__struct_fields__ and name != "lines"
    }
    return OrderDetail(lines=lines, payments=payments or [], refunds=refunds or [], **shared)


async def _as_the_store_has_it(process: Process, order: str) -> OrderSeen | None:
    where = sale_and_lane(order)
    if where is None:
        return None
    currency = await read_currency(process.store, keys.lane_base(*where))
    if currency is None:
        return None
    return await unsettled.read_unsettled(process.store, order, currency)


async def _open_sales(connection: AsyncConnection) -> dict[int, str]:
    """{sale: currency} of the sales whose lanes may have what is not settled."""
    found = await connection.execute(
        text("SELECT id, currency FROM sales WHERE state IN ('open', 'closing')")
    )
    return {row[0]: row[1] for row in found}
