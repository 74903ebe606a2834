"""The fast part of the evidence that Postgres has: cursors, totals, generation, dead letters."""

from collections import defaultdict
from typing import Final, TypeAlias

import asyncpg
from msgspec import Struct

from lua.journal import Position
from settlement.drain.lanes import KEPT_AFTER_END_H
from settlement.drain.totals import Delta
from settlement.laws.evidence import LaneKey

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

EXAMPLES_MAX: Final = 5
"""Breaches of one kind that are named; one is enough to start looking."""


class SettledLane(Struct, frozen=True):
    """A lane as far as it is settled; ``kept``: the store should still have it."""

    key: LaneKey
    cursor: Position
    kept: bool
    totals: dict[int, Delta]


async def read_generation(connection: Connection) -> int:
    """Return the generation of the whole store."""
    return int(await connection.fetchval("SELECT generation FROM store_generation"))


async def read_settled_lanes(connection: Connection, sale_id: int | None) -> list[SettledLane]:
    """Return every lane, or those of one sale, with the totals of its items."""
    cursors = await connection.fetch(
        "SELECT sale_id, lane, generation, seq, coalesce(retired_at > now()"
        " - make_interval(hours => $2), true) AS kept FROM journal_cursors"
        " WHERE $1::bigint IS NULL OR sale_id = $1 ORDER BY sale_id, lane",
        sale_id, KEPT_AFTER_END_H,
    )  # fmt: skip
    items = await connection.fetch(
        "SELECT sale_id, lane, product_id, units, available, held, sold, returned FROM lane_items"
        " WHERE $1::bigint IS NULL OR sale_id = $1",
        sale_id,
    )
    totals: defaultdict[LaneKey, dict[int, Delta]] = defaultdict(dict)
    for row in items:
        sale, lane, product, *units = row.values()
        totals[LaneKey(sale, lane)][product] = Delta(*units)
    return [
        SettledLane(
            key=(key := LaneKey(row["sale_id"], row["lane"])),
            cursor=Position(row["generation"], row["seq"]),
            kept=row["kept"],
            totals=totals[key],
        )
        for row in cursors
    ]


async def read_dead_letters(connection: Connection, sale_id: int | None) -> dict[str, int]:
    """Return how many entries are set aside and unresolved, by their type."""
    rows = await connection.fetch(
        "SELECT type, count(*) FROM dead_letters WHERE resolved_at IS NULL"
        " AND ($1::bigint IS NULL OR sale_id = $1) GROUP BY type ORDER BY type",
        sale_id,
    )
    return {row[0]: row[1] for row in rows}
