"""Ways to break a promise behind everybody's back, and the laws that must notice."""

from collections.abc import Awaitable, Callable
from typing import Any

from lua import keys
from tests.settlement.laws.market import Market

Sabotage = Callable[[Market], Awaitable[Any]]


def lane_field(name: str, change: int) -> Sabotage:
    async def sabotage(market: Market) -> None:
        field = f"{name}:{market.shop.products[0]}"
        await market.client.hincrby(keys.key(market.shop.base, "LANE"), field, change)

    return sabotage


def sql(*statements: str) -> Sabotage:
    async def sabotage(market: Market) -> None:
        await market.execute(*statements)

    return sabotage


async def forget_a_hold(market: Market) -> None:
    await market.client.hdel(keys.holds_key(market.shop.base, market.held), market.held)


async def count_too_much_for_a_buyer(market: Market) -> None:
    name, product = keys.key(market.shop.base, "USERS"), market.shop.products[0]
    await market.client.hset(name, "1", f"0 {product}=4 -")


async def let_a_hold_grow_old(market: Market) -> None:
    due = keys.key(market.shop.base, "DUE", market.shop.products[0])
    await market.client.zadd(due, {market.held: 1})


async def serve_another_generation(market: Market) -> None:
    await market.client.incr(keys.GENERATION)


async def close_the_gate(market: Market) -> None:
    await market.client.hset(keys.key(market.shop.base, "LANE"), "gate", "closed:1")


async def lose_the_scripts(market: Market) -> None:
    await market.client.script_flush()


async def lose_the_lane(market: Market) -> None:
    await market.client.delete(keys.key(market.shop.base, "LANE"))


async def lose_an_entry_that_waits(market: Market) -> None:
    name = keys.key(market.shop.base, "JOURNAL")
    await market.shop.held(10)
    await market.shop.held(11)
    entries = await market.client.xrange(name)
    await market.client.xdel(name, entries[-2][0])


ENTRY = (
    "INSERT INTO journal (sale_id, lane, seq, generation, type, body) SELECT sale_id, lane,"
    " max(seq) + 1, 1, {word}, {body} FROM journal GROUP BY 1, 2"
)
MOVE_CURSOR = "UPDATE journal_cursors SET seq = seq + 1"


def journaled(word: str, body: str) -> Sabotage:
    """An entry in the settled journal that says what did not happen; the store is told of its seq
    too, so that both are at one position."""

    async def sabotage(market: Market) -> None:
        await market.execute(ENTRY.format(word=f"'{word}'", body=body), MOVE_CURSOR)
        await market.client.hincrby(keys.key(market.shop.base, "LANE"), "seq", 1)

    return sabotage


OTHER = "01890000-0000-7000-8000-000000000001"
LAST = "(SELECT {} FROM orders WHERE status = '{}' LIMIT 1)"
PAID_ORDER = "(SELECT id FROM orders WHERE status = 'PAID' ORDER BY id LIMIT 1)"
BREAKS: dict[str, tuple[Sabotage, set[str]]] = {
    "a unit appears in the store": (
        lane_field("available", 1), {"conservation_in_valkey", "stores_agree"},
    ),
    "units become negative in the store": (
        lane_field("sold", -100), {"conservation_in_valkey", "stores_agree"},
    ),
    "units change from held to sold in the settled totals": (
        sql("UPDATE lane_items SET available = available - 1, units = units - 1,"
            " returned = returned + 1"), {"stores_agree"},
    ),
    "a unit appears in the settled totals": (
        sql("ALTER TABLE lane_items DROP CONSTRAINT ck_lane_items_ledger",
            "UPDATE lane_items SET available = available + 1"),
        {"conservation_in_postgres", "stores_agree"},
    ),
    "an entry that waits for settlement is lost": (lose_an_entry_that_waits, {"stores_agree"}),
    "the lane is lost": (lose_the_lane, {"stores_agree"}),
    "the record of a hold is lost": (forget_a_hold, {"holds_add_up"}),
    "an order changes its end behind the journal's back": (
        sql("UPDATE orders SET status = 'CANCELLED', hold_state = NULL WHERE hold_state = 'HELD'"),
        {"orders_add_up"},
    ),
    "a line changes": (
        sql("UPDATE order_lines SET quantity = 1 FROM orders AS o WHERE o.id = order_id"
            " AND o.hold_state = 'HELD'"), {"orders_add_up"},
    ),
    "a settled entry is lost": (
        sql("DELETE FROM journal WHERE type = 'opened'"), {"journal_gapless"},
    ),
    "the cursor runs ahead": (
        sql("UPDATE journal_cursors SET seq = seq + 5"), {"journal_gapless", "stores_agree"},
    ),
    "an acknowledged order has no row": (
        journaled("held", f"""'["held","{OTHER}",1]'"""), {"each_order_once"},
    ),
    "an order is held twice": (
        sql("UPDATE journal SET type = 'held', body = (SELECT body FROM journal"
            " WHERE type = 'held' LIMIT 1) WHERE type = 'opened'"),
        {"each_order_once", "ends_once"},
    ),
    "an order ends twice": (
        journaled("released", """'["released","' || """ + LAST.format("id", "CANCELLED")
                  + """ || '","EXPIRED","deadline"]'"""), {"ends_once"},
    ),
    "an order is paid after its money went back": (
        journaled("retaken", """'["retaken","' || """ + LAST.format("id", "REFUNDED")
                  + f""" || '","{OTHER}"]'"""), {"ends_once"},
    ),
    "a payment is ruled on twice": (
        journaled("refund", """'["refund","' || """ + PAID_ORDER + """ || '","' || """
                  + "(SELECT payment_id FROM orders WHERE id = " + PAID_ORDER + ")"
                  + """ || '","duplicate"]'"""), {"verdicts_final"},
    ),
    "a verdict changes": (
        sql("UPDATE payments SET verdict = 'confirmed' WHERE verdict = 'retaken'"),
        {"verdicts_final"},
    ),
    "a key makes two orders": (
        sql("UPDATE orders SET user_id = 1, idempotency_key = 'one' WHERE status IN"
            " ('CANCELLED', 'FAILED')"), {"one_order_per_key"},
    ),
    "a buyer counts above the limit in the store": (
        count_too_much_for_a_buyer, {"limits_kept"},
    ),
    "a buyer's orders are above the limit": (
        sql("UPDATE orders SET user_id = 1 WHERE status IN ('PENDING', 'PAID')"), {"limits_kept"},
    ),
    "a hold is overdue in the store": (let_a_hold_grow_old, {"no_overdue_holds"}),
    "an order is overdue in Postgres": (
        sql("UPDATE orders SET expires_at = now() - interval '1 minute'"
            " WHERE hold_state = 'HELD'"), {"no_overdue_holds"},
    ),
    "captured money has no verdict": (
        sql("UPDATE payments SET status = 'SUCCEEDED', verdict = NULL,"
            " updated_at = now() - interval '2 minutes' WHERE status = 'PENDING'"),
        {"money_settles"},
    ),
    "money for an order that is gone is not refunded": (
        sql("DELETE FROM refunds"), {"money_settles"},
    ),
    "a refund failed for good": (
        sql("ALTER TABLE refunds DISABLE TRIGGER ck_refunds_transition",
            "UPDATE refunds SET status = 'failed'"), {"money_settles"},
    ),
    "less was captured than the order costs": (
        sql("UPDATE payments SET amount_minor = 1 WHERE verdict = 'confirmed'"), {"money_settles"},
    ),
    "more goes back than was captured": (
        sql("UPDATE refunds SET amount_minor = amount_minor * 2"), {"money_settles"},
    ),
    "an order tells of money that did not go back": (
        sql("UPDATE orders SET refunded_minor = 1 WHERE status = 'PAID'"), {"money_settles"},
    ),
    "two payments pay one order": (
        sql("DROP INDEX uq_payments_paying_order",
            "INSERT INTO payments (id, order_id, provider, status, amount_minor, currency, verdict,"
            " idempotency_key) SELECT gen_random_uuid(), order_id, provider, status, amount_minor,"
            " currency, verdict, 'again' FROM payments WHERE verdict = 'confirmed'"),
        {"one_paying_payment"},
    ),
    "an entry is set aside": (
        sql("INSERT INTO dead_letters (sale_id, lane, generation, seq, type, body, reason)"
            " SELECT id, 0, 1, 1, 'paused', '[\"paused\",1]', 'test' FROM sales"),
        {"no_dead_letters"},
    ),
    "a sale has units that no move gave": (
        sql("UPDATE stock_moves SET units = units - 1"), {"product_stock_ledger"},
    ),
    "a stock move is stuck": (
        sql("INSERT INTO stock_moves (id, sale_id, product_id, lane, kind, units, created_at)"
            " SELECT gen_random_uuid(), sale_id, product_id, 0, 'add', 5,"
            " now() - interval '5 minutes' FROM sale_items"), {"product_stock_ledger"},
    ),
    "the store serves another generation": (serve_another_generation, {"generation_agrees"}),
    "a gate is closed": (close_the_gate, {"generation_agrees"}),
}  # fmt: skip
