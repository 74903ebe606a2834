"""What the rows of payments and refunds add up to. Every query takes one sale's id, or None."""

from typing import Final

from settlement.laws.evidence import Money, MoneyOf
from settlement.laws.read_postgres import EXAMPLES_MAX, Connection

UNDECIDED_S: Final = 60
"""Captured money has its verdict within a turn of the drainer; after a minute it is stuck."""


async def read_money(connection: Connection, sale_id: int | None) -> Money:
    """Return the sums by currency and the payments that break a rule.

    What was captured of a payment that did not match its order is what its refund gives back.
    """
    rows = await connection.fetch(
        "WITH back AS (SELECT payment_id,"
        " coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0) AS done,"
        " coalesce(sum(amount_minor) FILTER (WHERE status IN ('requested', 'sent')), 0) AS waiting,"
        " count(*) FILTER (WHERE status IN ('requested', 'sent')) AS waiting_refunds,"
        " min(currency) FILTER (WHERE cause = 'mismatch') AS currency,"
        " sum(amount_minor) FILTER (WHERE cause = 'mismatch' AND status <> 'failed') AS mismatch"
        " FROM refunds GROUP BY payment_id),"
        " captured AS (SELECT p.id, coalesce(b.mismatch, p.amount_minor) AS amount_minor,"
        " coalesce(b.currency, p.currency) AS currency, p.verdict, p.updated_at,"
        " o.status AS order_status, o.total_minor, o.refunded_minor, coalesce(b.done, 0) AS done,"
        " coalesce(b.waiting, 0) AS waiting, coalesce(b.waiting_refunds, 0) AS waiting_refunds"
        " FROM payments AS p JOIN orders AS o ON o.id = p.order_id"
        " LEFT JOIN back AS b ON b.payment_id = p.id"
        " WHERE p.status IN ('SUCCEEDED', 'REFUNDED', 'DISPUTED')"
        " AND ($1::bigint IS NULL OR o.sale_id = $1)),"
        " judged AS (SELECT *, verdict IS NULL AS undecided, CASE"
        " WHEN verdict IS NULL AND updated_at < now() - make_interval(secs => $2)"
        " THEN 'is captured and has no verdict'"
        " WHEN verdict IN ('confirmed', 'retaken') AND order_status NOT IN ('PAID', 'REFUNDED')"
        " THEN 'has paid an order that is ' || order_status"
        " WHEN verdict = 'refund' AND done + waiting < amount_minor"
        " THEN 'goes back, and only ' || done + waiting || ' of ' || amount_minor || ' is refunded'"
        " WHEN done + waiting > amount_minor"
        " THEN 'gave ' || amount_minor || ' and gets ' || done + waiting || ' back'"
        " WHEN verdict IN ('confirmed', 'retaken') AND refunded_minor <> least(done, total_minor)"
        " THEN 'gave ' || done || ' back, its order tells of ' || refunded_minor"
        " END AS wrong FROM captured)"
        " SELECT currency, count(*) FILTER (WHERE undecided) AS undecided,"
        " coalesce(sum(amount_minor) FILTER (WHERE NOT undecided), 0)::bigint AS captured,"
        " coalesce(sum(total_minor - done - waiting) FILTER (WHERE verdict <> 'refund'), 0)::bigint"
        " AS kept, coalesce(sum(done) FILTER (WHERE NOT undecided), 0)::bigint AS refunded,"
        " coalesce(sum(waiting) FILTER (WHERE NOT undecided), 0)::bigint AS waiting,"
        " count(*) FILTER (WHERE NOT undecided) AS payments,"
        " sum(waiting_refunds)::bigint AS waiting_refunds,"
        " (array_agg('payment ' || id || ' ' || wrong ORDER BY id)"
        " FILTER (WHERE wrong IS NOT NULL))[1:$3] AS wrong"
        " FROM judged GROUP BY currency ORDER BY currency",
        sale_id, UNDECIDED_S, EXAMPLES_MAX,
    )  # fmt: skip
    fields = MoneyOf.__struct_fields__
    return Money(
        by_currency={row["currency"]: MoneyOf(*(row[name] for name in fields)) for row in rows},
        undecided=sum(row["undecided"] for row in rows),
        breaches=tuple(wrong for row in rows for wrong in row["wrong"] or ()),
        paid_twice=await _read_paid_twice(connection, sale_id),
    )


async def _read_paid_twice(connection: Connection, sale_id: int | None) -> tuple[str, ...]:
    """Orders whose paying payments are not exactly the one that the journal paid them with."""
    rows = await connection.fetch(
        "SELECT format('order %s is %s and has %s paying payments', o.id, o.status, count(p.id))"
        " FROM orders AS o LEFT JOIN payments AS p ON p.order_id = o.id"
        " AND p.verdict IN ('confirmed', 'retaken')"
        " WHERE $1::bigint IS NULL OR o.sale_id = $1 GROUP BY o.id, o.status, o.payment_id"
        " HAVING count(p.id) <> CASE WHEN o.payment_id IS NULL THEN 0 ELSE 1 END"
        " OR o.status = 'PAID' AND count(p.id) = 0 OR min(p.id::text)::uuid <> o.payment_id"
        " ORDER BY o.id LIMIT $2",
        sale_id, EXAMPLES_MAX,
    )  # fmt: skip
    return tuple(row[0] for row in rows)
