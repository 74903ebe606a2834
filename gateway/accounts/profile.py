"""What people do with their own account: GET, PATCH, DELETE /auth/me, POST /auth/password."""

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func, update

from gateway.accounts.check_password import check_password
from gateway.accounts.guards import CurrentUser, signed_in
from gateway.accounts.lock_out import forget_failures
from gateway.accounts.register import Password, hash_new_password
from gateway.accounts.revoke import end_all_sessions
from gateway.accounts.users import (
    Account,
    account_of,
    set_password_hash,
    update_profile,
)
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.problems import Refused
from gateway.process import Process, process_of
from migrations.schema import User

Asked = Request[CurrentUser, Any, Any]


Phone = Annotated[str, Meta(min_length=3, max_length=32, pattern=r"^\+?[0-9 ().-]+$")]


class ProfileChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays; null clears."""

    full_name: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The old one proves who asks."""

    old_password: Password
    new_password: Password


@get("/auth/me", guards=[signed_in], security=BEARER, tags=["accounts"])
async def show_me(request: Asked) -> Account:
    """Show the caller's account."""
    return await _account(process_of(request), request.user.id)


@patch("/auth/me", guards=[signed_in], security=BEARER, tags=["accounts"])
async def change_me(request: Asked, data: JSONBody[ProfileChange]) -> Account:
    """Change name or phone."""
    changes = {
        name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET
    }
    process = process_of(request)
    before = await _account(process, request.user.id)
    if not changes:
        return before
    async with process.database.begin() as connection:
        after = await update_profile(connection, request.user.id, changes)
        await audit.record_by(
            connection,
            audit.by(request),
            action="account.changed",
            subject="user",
            subject_id=request.user.id,
            before={name: getattr(before, name) for name in changes},
            after=changes,
        )
    return after


@post("/auth/password", status_code=204, guards=[signed_in], security=BEARER, tags=["accounts"])
async def change_password(request: Asked, data: JSONBody[PasswordChange]) -> None:
    """Change the password. Every session ends, this one too: sign in again."""
    process = process_of(request)
    account = await _account(process, request.user.id)
    await check_password(process, account.email, data.old_password)
    password_hash = await hash_new_password(process, data.new_password, account.email)
    async with process.database.begin() as connection:
        await forget_failures(connection, account.email)
        await set_password_hash(connection, account.id, password_hash)
        await end_all_sessions(process, connection, account.id)
        await _audit(connection, request, "account.password_changed")


@delete("/auth/me", guards=[signed_in], security=BEARER, tags=["accounts"])
async def deactivate_me(request: Asked) -> None:
    """Deactivate the caller's account and end its sessions. Orders stay."""
    process = process_of(request)
    async with process.database.begin() as connection:
        await connection.execute(
            update(User)
            .where(User.id == request.user.id)
            .values(is_active=False, updated_at=func.now())
        )
        await end_all_sessions(process, connection, request.user.id)
        await _audit(connection, request, "account.deactivated")


async def _account(process: Process, user_id: int) -> Account:
    async with process.database.connect() as connection:
        found = await account_of(connection, user_id)
    if found is None or not found.is_active:
        raise Refused("unauthenticated", "The account is not active.")
    return found


async def _audit(connection: Any, request: Asked, action: str) -> None:
    await audit.record_by(
        connection,
        audit.by(request),
        action=action,
        subject="user",
        subject_id=request.user.id,
    )
