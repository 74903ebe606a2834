"""POST /auth/login: a password for tokens. JSON, or the form of OAuth2 (RFC 6749, 4.3)."""

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Literal

from litestar import Request, Response, post
from litestar.openapi.spec import OpenAPIMediaType, Operation, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import Struct
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import lock_out
from gateway.accounts.check_password import check_password
from gateway.accounts.passwords import TooManyWaiting
from gateway.accounts.register import Email, Password
from gateway.accounts.sessions import start_session
from gateway.accounts.tokens import issue_access_token
from gateway.accounts.users import Credentials, set_password_hash
from gateway.problems import Refused
from gateway.process import Process, process_of
from gateway.requests import decode
from migrations.schema import User
from migrations.states import Role

FORM: Final = "application/x-www-form-urlencoded"


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Who says to be whom."""

    email: Email
    password: Password


class Tokens(Struct, frozen=True):
    """``expires_in``: seconds that the access token is good for."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105


def _form(name: str) -> OpenAPIMediaType:
    properties: dict[str, Reference | Schema] = {
        one: Schema(type=OpenAPIType.STRING) for one in (name, "password")
    }
    return OpenAPIMediaType(
        schema=Schema(type=OpenAPIType.OBJECT, required=[name, "password"], properties=properties)
    )


class _SignInOperation(Operation):
    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            required=True, content={"application/json": _form("email"), FORM: _form("username")}
        )


@post("/auth/login", status_code=200, tags=["accounts"], operation_class=_SignInOperation)
async def sign_in_route(request: Request[Any, Any, Any]) -> Response[Tokens]:
    """Exchange e-mail and password for an access token and a refresh token."""
    asked = await _read(request)
    tokens = await sign_in(process_of(request), asked.email, asked.password)
    return Response(tokens, headers={"Cache-Control": "no-store"})


async def sign_in(process: Process, email: str, password: str) -> Tokens:
    """Begin a session. The answer and its time are the same for an unknown e-mail.

    Raises Refused: invalid_credentials, account_locked, rate_limited, overloaded.
    """
    found = await check_password(process, email, password)
    return await _begin(process, found, email, password)


async def _begin(process: Process, found: Credentials, email: str, password: str) -> Tokens:
    rehashed = None
    if process.passwords.needs_rehash(found.password_hash):
        with suppress(TooManyWaiting):  # the next sign-in will do
            rehashed = await process.passwords.hash(password)
    async with process.database.begin() as connection:
        await lock_out.forget_failures(connection, email)
        await _note_sign_in(connection, found.id)
        if rehashed is not None:
            await set_password_hash(connection, found.id, rehashed)
        session_id, refresh_token = await start_session(
            connection, found.id, refresh_lifetime(process)
        )
    return issue(process, found.id, session_id, found.role, found.token_version, refresh_token)


def issue(
    process: Process,
    user_id: int,
    session_id: uuid.UUID,
    role: Role,
    version: int,
    refresh_token: str,
) -> Tokens:
    """The answer to a sign-in or a refresh."""
    access_token = issue_access_token(
        process.settings, user_id=user_id, session_id=session_id, role=role, version=version
    )
    expires_in = process.settings.access_token_expire_minutes * 60
    return Tokens(access_token=access_token, expires_in=expires_in, refresh_token=refresh_token)


def refresh_lifetime(process: Process) -> timedelta:
    """How long a refresh token is good for."""
    return timedelta(days=process.settings.refresh_token_expire_days)


async def _note_sign_in(connection: AsyncConnection, user_id: int) -> None:
    await connection.execute(
        update(User)
        .where(User.id == user_id)
        .values(last_login_at=func.now(), failed_logins=0, locked_until=None)
    )


async def _read(request: Request[Any, Any, Any]) -> SignIn:
    kind, _ = request.content_type
    if kind != FORM:
        found: SignIn = decode(await request.body(), SignIn)
        return found
    form = await request.form()
    email, password = form.get("username"), form.get("password")
    if not isinstance(email, str) or not isinstance(password, str) or "\0" in email:
        raise Refused("invalid_request", "The form needs username and password.")
    return SignIn(email, password)
