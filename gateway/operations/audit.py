"""Who did what to which thing, with the thing before and after."""

from typing import Any

import msgspec
from litestar import Request
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations.schema import AuditEntry
from settlement.stock_moves.audit import By


async def record(
    connection: AsyncConnection,
    *,
    actor_id: int | None,
    action: str,
    subject: str,
    subject_id: int | str,
    before: Any = None,
    after: Any = None,
    request_id: str | None = None,
) -> None:
    """Write one entry, in the transaction of the change that it tells of.

    actor_id: None for the engine itself. before, after: anything msgspec can make plain.
    """
    await connection.execute(
        insert(AuditEntry).values(
            actor_id=actor_id,
            action=action,
            subject=subject,
            subject_id=str(subject_id),
            before=_plain(before),
            after=_plain(after),
            request_id=request_id,
        )
    )


async def record_by(
    connection: AsyncConnection,
    by: By,
    *,
    action: str,
    subject: str,
    subject_id: int | str,
    before: Any = None,
    after: Any = None,
) -> None:
    """`record`, for somebody who asked."""
    await record(
        connection,
        actor_id=by.user_id,
        action=action,
        subject=subject,
        subject_id=subject_id,
        before=before,
        after=after,
        request_id=by.request_id,
    )


def by(request: Request[Any, Any, Any]) -> By:
    """Who asks, behind a guard."""
    asked: Any = request.scope
    return By(request.user.id, asked.get("request_id"))


def _plain(thing: Any) -> Any:
    return None if thing is None else msgspec.to_builtins(thing)
