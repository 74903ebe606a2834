"""Every acknowledged hold reaches Postgres exactly once, whatever stands in the way. R35"""

import asyncio
import random

import pytest
import redis.asyncio

from lua import begin_payment, confirm, decline, expire, keys, pause, release, retake
from lua.outcomes import Confirmed, Refund
from migrations.engine import raw_connection
from settlement.drain.drainer import Drainer
from settlement.drain.lanes import read_lanes
from settlement.drain.read_batch import JournalGap, read_batches
from settlement.drain.settle import CursorMoved, DeadOrders, settle
from tests.settlement.shop import Shop, open_shop


async def test_every_end_of_an_order_is_settled_as_it_happened(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        paid, cancelled, failed, held = [await shop.held(user, 2) for user in (1, 2, 3, 4)]
        await shop.drainer.drain()
        payment = await shop.payment(paid)
        await begin_payment.begin_payment(shop.store, shop.base, paid, payment, 0)
        assert await confirm.confirm(shop.store, shop.base, paid, payment) == Confirmed()
        await release.release(shop.store, shop.base, cancelled, "CANCELLED", "buyer", user=2)
        await release.release(shop.store, shop.base, failed, "FAILED", "attempts")
        await shop.drainer.drain()

        found = await shop.rows("SELECT id::text, status, failed_reason, payment_id FROM orders")
        states = {row["id"]: (row["status"], row["failed_reason"]) for row in found}
        assert states == {
            paid: ("PAID", None),
            cancelled: ("CANCELLED", "buyer"),
            failed: ("FAILED", "attempts"),
            held: ("PENDING", None),
        }
        assert await shop.totals() == (100, 96, 2, 2)
        verdicts = await shop.rows("SELECT status, verdict FROM payments")
        assert verdicts == [{"status": "SUCCEEDED", "verdict": "confirmed"}]


async def test_late_money_without_stock_leaves_a_refund_to_send(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, units=1) as shop:
        order = await shop.held(1)
        await shop.drainer.drain()
        payment = await shop.payment(order)
        await release.release(shop.store, shop.base, order, "EXPIRED", "deadline")
        await shop.held(2)
        gone = await confirm.confirm(shop.store, shop.base, order, payment)
        assert isinstance(gone, confirm.Gone)
        late = retake.LateOrder(order, 1, 0, 1000, f"[[{shop.products[0]},1,1000]]")
        ruled = await retake.retake(shop.store, shop.base, late, payment)
        assert ruled == Refund("late")
        await shop.drainer.drain()
        refunds = await shop.rows("SELECT cause, status, amount_minor FROM refunds")
        assert refunds == [{"cause": "late", "status": "requested", "amount_minor": 1000}]


async def test_one_batch_may_hold_the_whole_life_of_an_order(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        order = await shop.held(1)
        payment = "01890000-0000-7000-8000-000000000001"
        await begin_payment.begin_payment(shop.store, shop.base, order, payment, 1000)
        await decline.decline(shop.store, shop.base, order, payment, "card_declined")
        await confirm.confirm(shop.store, shop.base, order, payment)
        await shop.drainer.drain()
        rows = await shop.rows("SELECT status, hold_state, payment_id::text, seq FROM orders")
        assert rows == [{"status": "PAID", "hold_state": None, "payment_id": payment, "seq": 5}]


async def test_a_drainer_that_died_after_reading_changes_nothing(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop, raw_connection(shop.engine) as connection:
        for user in range(1, 11):
            await shop.held(user)
        lanes = await read_lanes(connection)
        (stale,) = await read_batches(shop.store, lanes, 0)
        await shop.drainer.drain()
        before = await shop.rows("SELECT * FROM orders ORDER BY id")
        with pytest.raises(CursorMoved):
            await settle(connection, stale, DeadOrders(set()))
        assert await shop.rows("SELECT * FROM orders ORDER BY id") == before
        assert len(before) == 10


async def test_many_drainers_at_once_settle_each_entry_once(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, units=2_000, users=500) as shop:
        rivals = [Drainer(shop.store, shop.engine) for _ in range(4)]
        tasks = [asyncio.create_task(rival.run()) for rival in rivals]
        try:
            orders = [await shop.held(random.randint(1, 500)) for _ in range(1_000)]
            await _settled(shop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        rows = await shop.rows("SELECT id::text FROM orders")
        assert sorted(str(row["id"]) for row in rows) == sorted(orders)
        assert await shop.totals() == (2_000, 1_000, 1_000, 0)
        assert sum(rival.settled for rival in rivals) == 1_000


async def test_an_entry_postgres_refuses_is_set_aside_and_the_line_goes_on(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, users=20) as shop:
        good = [await shop.held(user) for user in range(1, 11)]
        poison = await shop.held(999)  # no such user: the foreign key refuses the row
        good += [await shop.held(user) for user in range(11, 21)]
        await release.release(shop.store, shop.base, poison, "CANCELLED", "buyer")
        await shop.drainer.drain()
        rows = await shop.rows("SELECT id::text FROM orders")
        assert sorted(str(row["id"]) for row in rows) == sorted(good)
        letters = await shop.rows(
            "SELECT order_id::text, type, sqlstate FROM dead_letters ORDER BY seq"
        )
        assert letters == [
            {"order_id": poison, "type": "held", "sqlstate": "23503"},
            {"order_id": poison, "type": "released", "sqlstate": None},
        ]
        assert await shop.totals() == (100, 80, 20, 0)
        assert shop.drainer.set_aside == 2


async def test_a_gap_in_the_journal_is_never_passed(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        await shop.held(1)
        await shop.drainer.drain()
        for user in (2, 3, 4):
            await shop.held(user)
        entries = await valkey.xrange(keys.key(shop.base, "JOURNAL"))
        await valkey.xdel(keys.key(shop.base, "JOURNAL"), entries[-2][0])
        with pytest.raises(JournalGap) as gap:
            await shop.drainer.drain()
        assert gap.value.found.seq == gap.value.after.seq + 2 or gap.value.found.seq == 5


async def test_pausing_reaches_the_sale(valkey: "redis.asyncio.Redis", database_url: str) -> None:
    async with open_shop(valkey, database_url) as shop:
        await pause.pause(shop.store, shop.base, "paused")
        await shop.drainer.drain()
        assert await shop.rows("SELECT paused FROM sales") == [{"paused": True}]


async def test_expired_holds_are_settled_as_expired(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, hold_ttl_ms=1) as shop:
        order = await shop.held(1, 3)
        await asyncio.sleep(0.005)
        assert await expire.expire(shop.store, shop.base, 100, 1000) == expire.Expired(1, 0)
        await shop.drainer.drain()
        rows = await shop.rows("SELECT id::text, status, failed_reason FROM orders")
        assert rows == [{"id": order, "status": "EXPIRED", "failed_reason": "deadline"}]
        assert await shop.totals() == (100, 100, 0, 0)


async def _settled(shop: Shop) -> None:
    """Wait until the cursor is at the lane's seq, ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            raw = await shop.store.client.hget(keys.key(shop.base, "LANE"), "seq")  # type: ignore[misc]
            (row,) = await shop.rows("SELECT seq FROM journal_cursors")
            if row["seq"] == int(raw):
                return
            await asyncio.sleep(0.02)
