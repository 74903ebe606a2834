"""Who moved units: an entry in the audit log, in the transaction of the move."""

from typing import Any

import msgspec
from msgspec import Struct

from settlement.drain.lanes import Connection


class By(Struct, frozen=True):
    """The admin who asked, and the request it was asked with."""

    user_id: int
    request_id: str | None = None


async def write_audit(
    connection: Connection,
    by: By | None,
    action: str,
    sale_id: int,
    before: Any = None,
    after: Any = None,
) -> None:
    """Write one entry about a sale; ``by``: None for the engine itself."""
    await connection.execute(
        "INSERT INTO audit_log (actor_id, action, subject, subject_id, before, after, request_id)"
        " VALUES ($1, $2, 'sale', $3, $4::text::jsonb, $5::text::jsonb, $6)",
        by and by.user_id,
        action,
        str(sale_id),
        _json(before),
        _json(after),
        by and by.request_id,
    )


def user_of(by: By | None) -> int | None:
    """The user to name as the one who made a row."""
    return None if by is None else by.user_id


def _json(thing: Any) -> str | None:
    return None if thing is None else msgspec.json.encode(thing).decode()
