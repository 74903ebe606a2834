"""Ends sessions before their time: in Postgres for good, and told to every gateway at once.

Called inside the transaction that has the reason. The store is told before the commit, so that a
store that cannot be reached leaves everything as it was; should the commit fail afterwards, a
session is dead that need not be, which harms nobody.
"""

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.users import raise_token_version
from gateway.process import Process
from lua import keys
from lua.store import UNREACHABLE, StoreUnreachable
from migrations.schema import RefreshToken, RevokedSession


async def end_session(
    process: Process, connection: AsyncConnection, user_id: int, session_id: uuid.UUID
) -> None:
    """End one session: its refresh tokens, and its access tokens within a second everywhere.

    Raises StoreUnreachable.
    """
    await _revoke_links(connection, user_id, [session_id])
    await _keep(process, connection, user_id, [session_id])
    await _announce(process, [f"s {session_id}"])


async def end_all_sessions(process: Process, connection: AsyncConnection, user_id: int) -> int:
    """End every session of a person; returns the token version of those that come.

    Raises StoreUnreachable.
    """
    version = await raise_token_version(connection, user_id)
    living = await _living_sessions(process, connection, user_id)
    await _revoke_links(connection, user_id, living)
    await _keep(process, connection, user_id, living)
    told = [f"u {user_id} {version}", *(f"s {session_id}" for session_id in living)]
    await _announce(process, told)
    return version


async def _living_sessions(
    process: Process, connection: AsyncConnection, user_id: int
) -> Sequence[uuid.UUID]:
    """Sessions that can be refreshed, or whose last access token has not died yet."""
    found = await connection.execute(
        select(RefreshToken.family)
        .where(
            RefreshToken.user_id == user_id,
            (RefreshToken.revoked_at.is_(None) & RefreshToken.used_at.is_(None))
            | (RefreshToken.issued_at > func.now() - _access_lifetime(process)),
        )
        .distinct()
    )
    return found.scalars().all()


async def _revoke_links(
    connection: AsyncConnection, user_id: int, session_ids: Sequence[uuid.UUID]
) -> None:
    await connection.execute(
        update(RefreshToken)
        .where(
            RefreshToken.user_id == user_id,
            RefreshToken.family.in_(session_ids),
            RefreshToken.revoked_at.is_(None),
        )
        .values(revoked_at=func.now())
    )


async def _keep(
    process: Process, connection: AsyncConnection, user_id: int, session_ids: Sequence[uuid.UUID]
) -> None:
    """Write what recovery rebuilds the store's set from, and clear away what has died."""
    await connection.execute(
        delete(RevokedSession).where(
            RevokedSession.user_id == user_id, RevokedSession.expires_at < func.now()
        )
    )
    if session_ids:
        expires_at = func.now() + _access_lifetime(process)
        await connection.execute(
            insert(RevokedSession)
            .values(
                [
                    {"session_id": one, "user_id": user_id, "expires_at": expires_at}
                    for one in session_ids
                ]
            )
            .on_conflict_do_nothing()
        )


async def _announce(process: Process, told: Sequence[str]) -> None:
    """Write to the store's set, tell every gateway, and know it here at once."""
    now_s = time.time()
    dies_s = now_s + _access_lifetime(process).total_seconds()
    pipeline = process.store.client.pipeline(transaction=False)
    pipeline.zadd(keys.REVOKED, dict.fromkeys(told, dies_s))
    pipeline.zremrangebyscore(keys.REVOKED, "-inf", now_s - 60)
    for message in told:
        pipeline.publish(keys.REVOKED_CHANNEL, message)
    try:
        await pipeline.execute()
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    for message in told:
        process.revocations.learn(message, dies_s)


def _access_lifetime(process: Process) -> timedelta:
    return timedelta(minutes=process.settings.access_token_expire_minutes)
