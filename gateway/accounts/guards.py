"""Who is asking: guards for routes. All async; a sync one would cost a thread hop."""

import uuid
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from msgspec import Struct

from gateway.accounts.tokens import Claims, InvalidToken, read_access_token
from gateway.accounts.users import standing_of
from gateway.problems import Refused
from gateway.process import Process, process_of
from migrations.states import Role

Connection = ASGIConnection[Any, Any, Any, Any]


class CurrentUser(Struct, frozen=True):
    """The bearer of the access token; `request.user` behind a guard."""

    id: int
    session_id: uuid.UUID
    role: Role
    version: int


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through whoever has a good access token of a living session. Raises Refused (401)."""
    connection.scope["user"] = await current_user(connection)


async def admin(connection: Connection, _: BaseRouteHandler) -> None:
    """Let through admins, by their token and by Postgres as of now. Raises Refused (401, 403)."""
    await require_admin(connection)


async def require_admin(connection: Connection) -> CurrentUser:
    """Like the guard `admin`, for routes of which only a part is for admins."""
    user = await current_user(connection)
    if user.role != "admin":
        raise Refused("forbidden")
    async with process_of(connection).database.connect() as database:
        standing = await standing_of(database, user.id)
    if standing is None or not standing.is_active or standing.token_version > user.version:
        raise _unauthenticated("The session has ended.")
    if standing.role != "admin":
        raise Refused("forbidden")
    connection.scope["user"] = user
    return user


async def current_user(connection: Connection) -> CurrentUser:
    """The bearer of the request's token. Raises Refused (401), StoreUnreachable."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated("An access token is required: Authorization: Bearer <token>.")
    process = process_of(connection)
    try:
        claims = read_access_token(process.settings, token.strip())
        user = _user(claims)
    except InvalidToken as invalid:
        raise _unauthenticated(invalid.reason) from None
    if await is_revoked(process, claims.sid, user.id, claims.ver):
        raise _unauthenticated("The session has ended.")
    return user


async def is_revoked(process: Process, session_id: str, user_id: int, version: int) -> bool:
    """Tell whether a token ended early; asks the store when this process may have missed it.

    Raises StoreUnreachable.
    """
    revocations = process.revocations
    if revocations.trusted:
        return revocations.refuses(session_id, user_id, version)
    return await revocations.refuses_now(process.store.client, session_id, user_id, version)


def _user(claims: Claims) -> CurrentUser:
    try:
        return CurrentUser(int(claims.sub), uuid.UUID(claims.sid), claims.role, claims.ver)
    except ValueError:
        raise InvalidToken("The access token is not valid.") from None


def _unauthenticated(detail: str) -> Refused:
    challenge = 'Bearer realm="flashsale", error="invalid_token"'
    return Refused("unauthenticated", detail, headers={"WWW-Authenticate": challenge})
