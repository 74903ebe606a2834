"""Refresh tokens: one chain a session, a new link at each use. Only hashes are kept.

A token is 256 random bits, so a plain SHA-256 of it can neither be guessed nor turned back. A link
that is used twice was stolen, or its owner's answer was lost; either way the session ends.
"""

import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from migrations.schema import RefreshToken, User
from migrations.states import Role


class Rotated(Struct, frozen=True):
    """The next link, and whose session it continues."""

    refresh_token: str
    session_id: uuid.UUID
    user_id: int
    role: Role
    token_version: int


class Reused(Struct, frozen=True):
    """The link was used before: end this session."""

    session_id: uuid.UUID
    user_id: int


class NotGood(Struct, frozen=True):
    """Unknown, expired, revoked, or its owner is inactive."""


async def start_session(
    connection: AsyncConnection, user_id: int, lifetime: timedelta
) -> tuple[uuid.UUID, str]:
    """Begin a chain; returns the session's id and the first refresh token."""
    await connection.execute(
        delete(RefreshToken).where(
            RefreshToken.user_id == user_id, RefreshToken.expires_at < func.now()
        )
    )
    session_id = uuid7()
    return session_id, await _add_link(connection, session_id, user_id, lifetime)


async def rotate(
    connection: AsyncConnection, refresh_token: str, lifetime: timedelta
) -> Rotated | Reused | NotGood:
    """Use a link up and add the next. Two at once: one wins, the other is a reuse."""
    wanted = (
        select(RefreshToken, User.role, User.is_active, User.token_version)
        .join(User, User.id == RefreshToken.user_id)
        .where(RefreshToken.token_hash == token_hash(refresh_token))
        .with_for_update(of=RefreshToken)
    )
    link = (await connection.execute(wanted)).one_or_none()
    if link is None or link.revoked_at is not None:
        return NotGood()
    if link.used_at is not None:
        return Reused(link.family, link.user_id)
    if link.expires_at <= datetime.now(UTC) or not link.is_active:
        return NotGood()
    await connection.execute(
        update(RefreshToken).where(RefreshToken.id == link.id).values(used_at=func.now())
    )
    following = await _add_link(connection, link.family, link.user_id, lifetime)
    return Rotated(following, link.family, link.user_id, link.role, link.token_version)


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


async def _add_link(
    connection: AsyncConnection, session_id: uuid.UUID, user_id: int, lifetime: timedelta
) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(
        insert(RefreshToken).values(
            id=uuid7(),
            family=session_id,
            user_id=user_id,
            token_hash=token_hash(token),
            expires_at=func.now() + lifetime,
        )
    )
    return token
