"""What the settled journal says, beside the rows of orders and payments.

Every query takes one sale's id, or None for all. Bodies of entries of format 1 are JSON arrays
whose second element is the order's id, so the fourth piece between quotes is that id; the sixth is
the payment, or the state that a release ended in; the eighth is the reason of a refund.
"""

from typing import Final

from settlement.laws.evidence import JournalRows, LaneKey, OrderRows
from settlement.laws.read_postgres import EXAMPLES_MAX, Connection

ORDER_WORDS: Final = (
    "held", "paying", "declined", "expiring", "paid", "retaken", "refund", "released", "restocked",
)  # fmt: skip
"""Types of entries that are about an order."""


async def read_journal(connection: Connection, sale_id: int | None) -> dict[LaneKey, JournalRows]:
    """Return how many entries of each lane are settled, the first and the last seq."""
    rows = await connection.fetch(
        "WITH gaps AS (SELECT sale_id, lane, split_part(body, '..', 1)::bigint AS first,"
        " split_part(body, '..', 2)::bigint AS last FROM dead_letters WHERE type = 'gap'),"
        " runs AS (SELECT sale_id, lane, count(*) AS count, min(seq) AS first, max(seq) AS last,"
        " 0 AS lost FROM journal WHERE $1::bigint IS NULL OR sale_id = $1 GROUP BY 1, 2"
        " UNION ALL SELECT sale_id, lane, 0, first, last, last - first + 1 FROM gaps"
        " WHERE $1::bigint IS NULL OR sale_id = $1)"
        " SELECT sale_id, lane, sum(count)::bigint, min(first), max(last), sum(lost)::bigint"
        " FROM runs GROUP BY 1, 2",
        sale_id,
    )
    return {LaneKey(row[0], row[1]): JournalRows(*row[2:6]) for row in rows}


async def read_salvaged(connection: Connection, sale_id: int | None) -> int:
    """Return how many lanes have lost entries; their orders are left out below."""
    return int(
        await connection.fetchval(
            "SELECT count(DISTINCT (sale_id, lane)) FROM dead_letters WHERE type = 'gap'"
            " AND ($1::bigint IS NULL OR sale_id = $1)",
            sale_id,
        )
    )


async def read_order_rows(connection: Connection, sale_id: int | None) -> OrderRows:
    """Match `held` entries with order rows, one to one."""
    row = await connection.fetchrow(
        "WITH salvaged AS (SELECT sale_id, lane FROM dead_letters WHERE type = 'gap'),"
        " aside AS (SELECT sale_id, lane, seq FROM dead_letters WHERE type = 'held'"
        " AND ($1::bigint IS NULL OR sale_id = $1)),"
        " held AS (SELECT split_part(j.body, '\"', 4)::uuid AS id, count(*) AS entries,"
        " count(a.seq) AS aside FROM journal AS j LEFT JOIN aside AS a USING (sale_id, lane, seq)"
        " WHERE j.type = 'held' AND ($1::bigint IS NULL OR j.sale_id = $1)"
        " AND (j.sale_id, j.lane) NOT IN (SELECT sale_id, lane FROM salvaged) GROUP BY 1),"
        " rows AS (SELECT id FROM orders WHERE ($1::bigint IS NULL OR sale_id = $1)"
        " AND (sale_id, lane) NOT IN (SELECT sale_id, lane FROM salvaged))"
        " SELECT coalesce(sum(entries), 0)::bigint AS entries, count(r.id) AS orders,"
        " coalesce(sum(aside) FILTER (WHERE r.id IS NULL), 0)::bigint AS aside,"
        " (array_agg(h.id::text) FILTER (WHERE r.id IS NULL AND aside = 0))[1:$2] AS missing,"
        " (array_agg(r.id::text) FILTER (WHERE h.id IS NULL))[1:$2] AS unfounded,"
        " (array_agg(h.id::text) FILTER (WHERE entries > 1))[1:$2] AS twice"
        " FROM held AS h FULL JOIN rows AS r ON r.id = h.id",
        sale_id, EXAMPLES_MAX,
    )  # fmt: skip
    return OrderRows(
        row["entries"],
        row["orders"],
        row["aside"],
        *(tuple(row[name] or ()) for name in ("missing", "unfounded", "twice")),
    )


async def read_endings(connection: Connection, sale_id: int | None) -> dict[str, tuple[int, str]]:
    """Return the kinds of runs of entries that orders have, with their number and an example."""
    rows = await connection.fetch(
        "WITH runs AS (SELECT split_part(body, '\"', 4) AS id, string_agg(CASE type"
        " WHEN 'released' THEN split_part(body, '\"', 6)"
        " WHEN 'refund' THEN 'refund:' || split_part(body, '\"', 8)"
        " ELSE type END, ' ' ORDER BY sale_id, lane, seq) AS run FROM journal"
        " WHERE type = ANY($2::text[]) AND ($1::bigint IS NULL OR sale_id = $1)"
        " AND (sale_id, lane) NOT IN (SELECT sale_id, lane FROM dead_letters WHERE type = 'gap')"
        " GROUP BY 1)"
        " SELECT run, count(*), min(id) FROM runs GROUP BY run ORDER BY 2 DESC",
        sale_id, ORDER_WORDS,
    )  # fmt: skip
    return {row[0]: (row[1], row[2]) for row in rows}


async def read_verdicts(connection: Connection, sale_id: int | None) -> tuple[int, tuple[str, ...]]:
    """Return how many payments the journal ruled on, and those ruled on twice or differently."""
    row = await connection.fetchrow(
        "WITH ruled AS (SELECT split_part(body, '\"', 6)::uuid AS id, count(*) AS times,"
        " min(CASE type WHEN 'paid' THEN 'confirmed' ELSE type END) AS verdict FROM journal"
        " WHERE type IN ('paid', 'retaken', 'refund') AND ($1::bigint IS NULL OR sale_id = $1)"
        " GROUP BY 1)"
        " SELECT count(*) AS payments, (array_agg(format('payment %s: journal %s, row %s', r.id,"
        " CASE WHEN times > 1 THEN times || ' verdicts' ELSE r.verdict END,"
        " coalesce(p.verdict, 'none'))) FILTER (WHERE times > 1 OR p.id IS NOT NULL"
        " AND p.verdict IS DISTINCT FROM r.verdict))[1:$2] AS wrong"
        " FROM ruled AS r LEFT JOIN payments AS p ON p.id = r.id",
        sale_id, EXAMPLES_MAX,
    )  # fmt: skip
    return row["payments"], tuple(row["wrong"] or ())
