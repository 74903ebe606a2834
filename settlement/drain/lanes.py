"""Which lanes are drained, and how far each is settled: the cursors in Postgres."""

from typing import TypeAlias

import asyncpg
from msgspec import Struct

from lua import keys
from lua.journal import Position

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

KEPT_AFTER_END_H = 72
"""Late money may still write to an ended lane for days; then the store forgets it."""


class Lane(Struct, frozen=True):
    """A lane and its cursor: the last entry that is settled."""

    sale_id: int
    lane: int
    cursor: Position

    @property
    def base(self) -> str:
        """The lane's key base."""
        return keys.lane_base(self.sale_id, self.lane)


async def read_lanes(connection: Connection) -> list[Lane]:
    """Return the lanes that may still get entries, with their cursors."""
    rows = await connection.fetch(
        "SELECT sale_id, lane, generation, seq FROM journal_cursors"
        " WHERE retired_at IS NULL OR retired_at > now() - make_interval(hours => $1)"
        " ORDER BY sale_id, lane",
        KEPT_AFTER_END_H,
    )
    return [
        Lane(row["sale_id"], row["lane"], Position(row["generation"], row["seq"])) for row in rows
    ]
