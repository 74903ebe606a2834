"""Units of a refunded order go back on sale once; a dropped lane keeps no money. R28"""

import uuid

from lua.close import close_lane
from lua.forget import forget
from settlement.money.crons import MoneyCrons
from settlement.money.restock import restock_late, restock_order
from settlement.money.send_refund import send_refund
from tests.settlement.jobs.listing import ListQueue
from tests.settlement.money.till import Till


async def paid(till: Till, quantity: int = 2) -> tuple[str, str]:
    """(order, payment) that was paid."""
    order = await till.order(1, quantity)
    payment = await till.pay(order)
    await till.complete(payment)
    await till.tell(await till.news(payment))
    return order, payment.id


async def ask(till: Till, order: str, payment: str, amount: int, *, restock: bool) -> str:
    """A refund as an admin asks for it."""
    refund = str(uuid.uuid4())
    await till.run_sql(
        "INSERT INTO refunds (id, payment_id, order_id, amount_minor, currency, cause, restock,"
        " idempotency_key, next_attempt_at) VALUES ($1, $2, $3, $4, 'USD', 'admin', $5, $6, now())",
        refund, payment, order, amount, restock, f"refund:{refund}",
    )  # fmt: skip
    return refund


async def stock(till: Till) -> int:
    (row,) = await till.shop.rows("SELECT stock FROM products")
    return int(str(row["stock"]))


async def test_a_full_refund_puts_the_units_on_sale_again(till: Till) -> None:
    order, payment = await paid(till)
    assert await till.shop.totals() == (10, 8, 0, 2)
    refund = await ask(till, order, payment, 2_000, restock=True)
    assert await send_refund(till.money, refund) == "succeeded"
    assert await till.status_of(order) == ("REFUNDED", ["REFUNDED"])
    await till.shop.drainer.drain()
    assert await till.shop.totals() == (10, 10, 0, 0)
    moves = await till.shop.rows("SELECT kind, units, state FROM stock_moves")
    assert moves == [{"kind": "restock", "units": 2, "state": "done"}]
    assert await restock_order(till.money, refund) == 0
    await till.shop.drainer.drain()
    assert await till.shop.totals() == (10, 10, 0, 0)


async def test_without_restock_the_units_stay_sold(till: Till) -> None:
    order, payment = await paid(till)
    refund = await ask(till, order, payment, 2_000, restock=False)
    await send_refund(till.money, refund)
    await till.shop.drainer.drain()
    assert await till.shop.totals() == (10, 8, 0, 2)


async def test_partial_refunds_leave_the_order_paid_until_nothing_is_left(till: Till) -> None:
    order, payment = await paid(till)
    first = await ask(till, order, payment, 500, restock=False)
    rest = await ask(till, order, payment, 1_500, restock=True)
    # The one that asks for restock arrives first; the other makes it whole.
    await send_refund(till.money, rest)
    assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])
    rows = await till.shop.rows("SELECT refunded_minor FROM orders")
    assert rows == [{"refunded_minor": 1_500}]
    assert await till.shop.rows("SELECT 1 FROM stock_moves") == []
    await send_refund(till.money, first)
    assert await till.status_of(order) == ("REFUNDED", ["REFUNDED"])
    await till.shop.drainer.drain()
    assert await till.shop.totals() == (10, 10, 0, 0)


async def test_a_restock_that_was_cut_short_is_carried_out_later(till: Till) -> None:
    order, payment = await paid(till)
    refund = await ask(till, order, payment, 2_000, restock=True)
    await till.shop.store.client.script_flush()
    assert await send_refund(till.money, refund) == "succeeded"
    assert await till.status_of(order) == ("REFUNDED", ["REFUNDED"])
    await till.shop.store.load()
    assert await MoneyCrons(till.money, ListQueue()).restock() == 0
    assert await restock_late(till.money, 0, 10) == 1
    await till.shop.drainer.drain()
    assert await till.shop.totals() == (10, 10, 0, 0)


async def test_after_the_sale_units_go_to_the_product(till: Till) -> None:
    order, payment = await paid(till)
    await close_lane(till.shop.store, till.shop.base)
    await till.shop.drainer.drain()
    before = await stock(till)
    refund = await ask(till, order, payment, 2_000, restock=True)
    await send_refund(till.money, refund)
    await till.shop.drainer.drain()
    assert await stock(till) == before + 2


async def test_after_the_lane_was_dropped_money_and_units_still_go_back(till: Till) -> None:
    order, payment = await paid(till)
    late_order = await till.order(2)
    late = await till.pay(late_order)
    await till.complete(late, "failed")
    await till.tell(await till.news(late))
    await till.complete(late)
    released = await till.shop.store.run(
        "release", till.shop.base, late_order, 0, "EXPIRED", "deadline", "-"
    )
    assert released[0] == b"released"
    await close_lane(till.shop.store, till.shop.base)
    await till.shop.drainer.drain()
    await forget(till.shop.store, till.shop.base)
    before = await stock(till)

    refund = await ask(till, order, payment, 2_000, restock=True)
    assert await send_refund(till.money, refund) == "succeeded"
    assert await stock(till) == before + 2
    assert await restock_late(till.money, 0, 10) == 0

    for _ in range(2):
        (verdict,) = await till.tell(await till.news(late))
        assert verdict.state == "handled"
    assert await till.refunds() == [("admin", "succeeded"), ("late", "requested")]
    assert await till.send_refunds() == ["succeeded"]
    assert await till.status_of(late_order) == ("REFUNDED", ["REFUNDED"])
    assert await till.books() == (3_000, 3_000)
