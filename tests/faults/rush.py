"""A shop in the middle of a rush: some of it is settled, four batches wait in the journal."""

from lua import confirm, release
from lua.outcomes import Confirmed
from migrations.engine import raw_connection
from settlement.laws.check import check_all
from settlement.laws.law import Law
from tests.faults.faulty_worker import BATCH_ENTRIES
from tests.settlement.shop import Shop

ORDERS = 3 * BATCH_ENTRIES
UNITS = 100
SETTLED_ENTRIES = 1 + BATCH_ENTRIES
"""The opening and the first orders, before any batch of the faulty worker."""


async def rush(shop: Shop) -> list[str]:
    """Returns the orders: a third each PAID, CANCELLED and PENDING.

    The first third is settled. Batches 1 and 2 of what waits are new orders, 3 is payments, 4 is
    cancellations of orders of batch 1.
    """
    paid = [await shop.held(user) for user in range(1, BATCH_ENTRIES + 1)]
    await shop.drainer.drain()
    await _write_stock_move(shop)
    payments = [await shop.payment(order) for order in paid]
    rest = [await shop.held(user) for user in range(BATCH_ENTRIES + 1, ORDERS + 1)]
    for order, payment in zip(paid, payments, strict=True):
        assert await confirm.confirm(shop.store, shop.base, order, payment) == Confirmed()
    for order in rest[:BATCH_ENTRIES]:
        await release.release(shop.store, shop.base, order, "CANCELLED", "buyer")
    return [*paid, *rest]


async def entries_settled(shop: Shop) -> int:
    """Entries of the journal that are in Postgres."""
    (row,) = await shop.rows("SELECT count(*) AS n FROM journal")
    return int(str(row["n"]))


async def states_settled(shop: Shop) -> dict[str, str]:
    """Order id -> status, as Postgres has them."""
    rows = await shop.rows("SELECT id::text, status FROM orders")
    assert len({row["id"] for row in rows}) == len(rows)
    return {str(row["id"]): str(row["status"]) for row in rows}


def states_expected(orders: list[str]) -> dict[str, str]:
    """What `rush` made of them."""
    third = BATCH_ENTRIES
    states = ["PAID"] * third + ["CANCELLED"] * third + ["PENDING"] * third
    return dict(zip(orders, states, strict=True))


async def broken_laws(shop: Shop) -> list[Law]:
    """Check every law; returns those that do not hold."""
    laws = await check_all(shop.store, shop.engine)
    assert len(laws) > 15
    return [law for law in laws if not law.ok]


async def _write_stock_move(shop: Shop) -> None:
    """What opening a sale through the gateway would have left."""
    async with raw_connection(shop.engine) as connection:
        await connection.execute(
            "INSERT INTO stock_moves (id, sale_id, product_id, lane, kind, units, state,"
            " finished_at) SELECT gen_random_uuid(), sale_id, product_id, 0, 'open', units, 'done',"
            " now() FROM sale_items"
        )
