"""A store that went back sells nothing before recovery and oversells nothing after. B6"""

import asyncio
from typing import Any

import pytest
import redis.asyncio

from lua import begin_payment, confirm, keys, release
from lua.outcomes import Closed, Confirmed
from lua.reserve import Held, LimitReached, Replayed, SoldOut
from lua.snapshot import snapshot
from lua.store import Store
from migrations.engine import raw_connection
from settlement.drain.drainer import Drainer
from settlement.drain.lanes import read_lanes
from settlement.drain.read_batch import JournalGap, read_batches
from settlement.drain.settle import CursorMoved, DeadOrders, settle
from settlement.recovery import recover, watch
from settlement.recovery.recover import ensure_serving
from tests.settlement.shop import GRACE_MS, Shop, open_shop

Dump = dict[bytes, tuple[bytes, int]]


async def dump(valkey: "redis.asyncio.Redis") -> Dump:
    """Everything the store has, as an older AOF would."""
    return {key: (await valkey.dump(key), 0) for key in await valkey.keys("*")}


async def restore(valkey: "redis.asyncio.Redis", older: Dump) -> None:
    """What a restart from an older AOF leaves: those keys, and no scripts."""
    await valkey.flushall()
    await valkey.script_flush()
    for key, (value, ttl) in older.items():
        await valkey.restore(key, ttl, value)


async def recovered(shop: Shop) -> recover.Report:
    report = await ensure_serving(shop.store, shop.engine, GRACE_MS)
    assert report is not None
    return report


async def test_a_restarted_store_is_closed_until_recovery_and_loses_nothing(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        settled = await shop.held(1)
        await shop.drainer.drain()
        unsettled = await shop.held(2)
        await valkey.script_flush()
        await valkey.set(keys.SERVER, "another")
        assert isinstance((await shop.buy(3))[1], Closed)
        report = await recovered(shop)
        assert [(lane.done, lane.drained) for lane in report.lanes] == [("kept", 1)]
        assert isinstance((await shop.buy(3))[1], Held)
        rows = await shop.rows("SELECT id::text FROM orders")
        assert {row["id"] for row in rows} >= {settled, unsettled}


async def test_an_older_store_is_rebuilt_and_sells_exactly_the_rest(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, units=100, users=200) as shop:
        for user in range(1, 31):
            await shop.held(user)
        await shop.drainer.drain()
        older = await dump(valkey)
        for user in range(31, 61):
            await shop.held(user)
        await shop.drainer.drain()
        await restore(valkey, older)
        assert isinstance((await shop.buy(61))[1], Closed)
        assert (await watch.look(shop.store, shop.engine)).need == "recover"
        report = await recovered(shop)
        assert report.lanes[0].done == "rebuilt"
        assert report.lanes[0].orders == 60
        outcomes = [(await shop.buy(user))[1] for user in range(61, 161)]
        assert sum(isinstance(outcome, Held) for outcome in outcomes) == 40
        assert sum(isinstance(outcome, SoldOut) for outcome in outcomes) == 60
        await shop.drainer.drain()
        assert await shop.totals() == (100, 0, 100, 0)


async def test_a_flushed_store_gets_back_keys_counts_states_verdicts_and_queues(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url, limit=2) as shop:
        first, made = await shop.buy(1, 2, key="k-1")
        paying, paid, gone = await shop.held(2), await shop.held(3), await shop.held(4)
        await shop.drainer.drain()
        open_payment, money = await shop.payment(paying), await shop.payment(paid)
        await begin_payment.begin_payment(shop.store, shop.base, paying, open_payment, 0)
        await confirm.confirm(shop.store, shop.base, paid, money)
        await release.release(shop.store, shop.base, gone, "CANCELLED", "buyer")
        await shop.drainer.drain()
        before = await _records(valkey, shop)
        await valkey.flushall()
        await recovered(shop)

        assert await _records(valkey, shop) == before
        assert isinstance(made, Held)
        again = (await shop.buy(1, 2, key="k-1"))[1]
        assert again == Replayed(
            first, made.created_ms, made.deadline_ms, made.total_minor, made.currency, made.lines
        )
        assert isinstance((await shop.buy(1, 1, key="k-2"))[1], LimitReached)
        assert await confirm.confirm(shop.store, shop.base, paid, money) == Confirmed()
        paid_now = await confirm.confirm(shop.store, shop.base, paying, open_payment)
        assert paid_now == Confirmed()
        assert isinstance((await shop.buy(4, 2))[1], Held)


async def test_an_older_generation_can_neither_sell_nor_settle(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop, raw_connection(shop.engine) as connection:
        await shop.held(1)
        (zombie_batch,) = await read_batches(shop.store, await read_lanes(connection), 0)
        older = Store(valkey, shop.store.generation)
        await recover.recover(shop.store, shop.engine, "test", GRACE_MS)
        assert shop.store.generation == older.generation + 1
        zombie = Shop(older, shop.engine, shop.drainer, shop.sale, shop.products)
        assert isinstance((await zombie.buy(2))[1], Closed)
        with pytest.raises(CursorMoved):
            await settle(connection, zombie_batch, DeadOrders(set()))
        assert len(await shop.rows("SELECT FROM orders")) == 1


async def test_two_recoveries_at_once_are_one(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        await valkey.flushall()
        stores = [Store(valkey, 0) for _ in range(3)]
        reports = await asyncio.gather(
            *(ensure_serving(store, shop.engine, GRACE_MS) for store in stores)
        )
        assert sum(report is not None for report in reports) == 1


async def test_scripts_that_are_missing_on_the_same_server_are_only_loaded(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        await valkey.script_flush()
        assert await ensure_serving(shop.store, shop.engine, GRACE_MS) is None
        assert isinstance((await shop.buy(1))[1], Held)


async def test_a_recovery_that_died_anywhere_is_finished_by_the_next(
    valkey: "redis.asyncio.Redis", database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(valkey, database_url, units=20) as shop:
        orders = [await shop.held(user) for user in range(1, 11)]
        await shop.drainer.drain()
        steps = ["set_gate", "_recover_lane", "rebuild_lane", "rebuild_products"]
        for step in steps:
            await valkey.flushall()
            with monkeypatch.context() as patch:
                patch.setattr(recover, step, _dies)
                with pytest.raises(KeyboardInterrupt):
                    await recover.recover(shop.store, shop.engine, "test", GRACE_MS)
            assert isinstance((await shop.buy(20))[1], Closed)
        await recovered(shop)
        sold = [(await shop.buy(user))[1] for user in range(11, 31)]
        assert sum(isinstance(outcome, Held) for outcome in sold) == 10
        assert len(orders) == 10


async def test_a_postgres_that_went_back_a_little_is_caught_up_from_the_journal(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        for user in range(1, 11):
            await shop.held(user)
        await shop.drainer.drain()
        await _take_back(shop, to_seq=6)
        assert len(await shop.rows("SELECT FROM orders")) == 5
        await Drainer(shop.store, shop.engine).drain()
        assert len(await shop.rows("SELECT FROM orders")) == 10
        assert await shop.totals() == (100, 90, 10, 0)


async def test_a_journal_that_no_longer_reaches_the_cursor_keeps_the_sale_closed(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        for user in range(1, 11):
            await shop.held(user)
        await shop.drainer.drain()
        await valkey.xtrim(keys.key(shop.base, "JOURNAL"), maxlen=2, approximate=False)
        await _take_back(shop, to_seq=6)
        with pytest.raises(JournalGap):
            await recover.recover(shop.store, shop.engine, "test", GRACE_MS)
        assert isinstance((await shop.buy(20))[1], Closed)


async def test_what_the_store_has_can_be_salvaged_when_the_journal_is_gone(
    valkey: "redis.asyncio.Redis", database_url: str
) -> None:
    async with open_shop(valkey, database_url) as shop:
        orders = [await shop.held(user) for user in range(1, 11)]
        await shop.drainer.drain()
        payment = await shop.payment(orders[0])
        await confirm.confirm(shop.store, shop.base, orders[0], payment)
        await shop.drainer.drain()
        await valkey.xtrim(keys.key(shop.base, "JOURNAL"), maxlen=1, approximate=False)
        await _take_back(shop, to_seq=6)
        report = await recover.recover(shop.store, shop.engine, "test", GRACE_MS, from_valkey=True)
        assert [(lane.done, lane.orders) for lane in report.lanes] == [("salvaged", 10)]
        rows = await shop.rows("SELECT id::text, status FROM orders")
        assert {row["id"]: row["status"] for row in rows} == {
            order: "PAID" if order == orders[0] else "PENDING" for order in orders
        }
        assert await shop.totals() == (100, 90, 9, 1)
        letters = await shop.rows("SELECT type, body FROM dead_letters")
        assert letters == [{"type": "gap", "body": "7..12"}]
        assert isinstance((await shop.buy(20))[1], Held)
        await shop.drainer.drain()
        assert await shop.totals() == (100, 89, 10, 1)


async def _dies(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


async def _records(valkey: "redis.asyncio.Redis", shop: Shop) -> dict[str, Any]:
    """What must come back: holds with their digests, counts, verdicts, queues and totals."""
    lane = await snapshot(shop.store, shop.base)
    assert lane is not None
    holds: dict[bytes, bytes] = {}
    for slot in range(keys.HOLD_SLOTS):
        holds |= await valkey.hgetall(keys.key(shop.base, "HOLDS", slot))  # type: ignore[misc]
    users = await valkey.hgetall(keys.key(shop.base, "USERS"))  # type: ignore[misc]
    due = [await valkey.zrange(keys.key(shop.base, "DUE", p), 0, -1) for p in shop.products]
    paying = await valkey.zrange(keys.key(shop.base, "PAYING"), 0, -1)
    counts = {user: record.split(b" ")[1] for user, record in users.items()}
    return {
        "items": {product: (i.available, i.held, i.sold) for product, i in lane.items.items()},
        "holds": holds,
        "counts": {user: count for user, count in counts.items() if count != b"-"},
        "queues": (due, paying),
    }


async def _take_back(shop: Shop, to_seq: int) -> None:
    """Make Postgres what a backup from before ``to_seq`` would be."""
    async with raw_connection(shop.engine) as connection, connection.transaction():
        await connection.execute(
            "DELETE FROM payments WHERE order_id IN (SELECT id FROM orders WHERE seq > $1)", to_seq
        )
        await connection.execute(
            "DELETE FROM order_lines WHERE order_id IN (SELECT id FROM orders WHERE seq > $1)",
            to_seq,
        )
        gone = await connection.fetchval(
            "WITH gone AS (DELETE FROM orders WHERE seq > $1 RETURNING 1)"
            " SELECT count(*) FROM gone",
            to_seq,
        )
        await connection.execute("DELETE FROM journal WHERE seq > $1", to_seq)
        await connection.execute("UPDATE journal_cursors SET seq = $1", to_seq)
        await connection.execute(
            "UPDATE lane_items SET available = units - held - sold + $1, held = held + sold - $1,"
            " sold = 0",
            gone,
        )
