"""The rows of people, and how they are shown."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.constraints import violated
from migrations.schema import User
from migrations.states import Role


class Account(Struct, frozen=True):
    """A person as the person sees it."""

    id: int
    email: str
    role: Role
    is_active: bool
    email_verified: bool
    full_name: str | None
    phone: str | None
    created_at: datetime


class Standing(Struct, frozen=True):
    """What a token of this person is worth now."""

    role: Role
    is_active: bool
    token_version: int


class Credentials(Struct, frozen=True):
    """What a sign-in is checked against."""

    id: int
    password_hash: str
    role: Role
    is_active: bool
    token_version: int


class EmailTaken(Exception):
    """Somebody has this e-mail, in whatever case."""


_SHOWN = (
    User.id,
    User.email,
    User.role,
    User.is_active,
    User.email_verified,
    User.full_name,
    User.phone,
    User.created_at,
)


async def insert_user(
    connection: AsyncConnection, email: str, password_hash: str, role: Role = "customer"
) -> Account:
    """Add a person. Raises EmailTaken; the transaction is then of no more use."""
    try:
        found = await connection.execute(
            insert(User)
            .values(email=email, password_hash=password_hash, role=role)
            .returning(*_SHOWN)
        )
    except IntegrityError as refused:
        if violated(refused) == "uq_users_email_lower":
            raise EmailTaken(email) from refused
        raise
    return _account(found.one())


async def account_of(connection: AsyncConnection, user_id: int) -> Account | None:
    """The person with this id."""
    found = (await connection.execute(select(*_SHOWN).where(User.id == user_id))).one_or_none()
    return None if found is None else _account(found)


async def standing_of(connection: AsyncConnection, user_id: int) -> Standing | None:
    """Role, activity and token version as of now."""
    wanted = select(User.role, User.is_active, User.token_version).where(User.id == user_id)
    found: Any = (await connection.execute(wanted)).one_or_none()
    return None if found is None else Standing(*found)


async def credentials_of(connection: AsyncConnection, email: str) -> Credentials | None:
    """What to check a sign-in with this e-mail against, in whatever case it is typed."""
    wanted = select(
        User.id, User.password_hash, User.role, User.is_active, User.token_version
    ).where(func.lower(User.email) == email.lower())
    found: Any = (await connection.execute(wanted)).one_or_none()
    return None if found is None else Credentials(*found)


async def update_profile(
    connection: AsyncConnection, user_id: int, changes: dict[str, str | None]
) -> Account:
    """Set `full_name` or `phone`."""
    changed = await connection.execute(
        update(User)
        .where(User.id == user_id)
        .values(**changes, updated_at=func.now())
        .returning(*_SHOWN)
    )
    return _account(changed.one())


async def set_password_hash(connection: AsyncConnection, user_id: int, password_hash: str) -> None:
    """Keep a new hash, or the same password hashed by today's rules."""
    await connection.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=password_hash, updated_at=func.now())
    )


async def raise_token_version(connection: AsyncConnection, user_id: int) -> int:
    """End every token issued so far; returns the version of the tokens that come."""
    changed = await connection.execute(
        update(User)
        .where(User.id == user_id)
        .values(token_version=User.token_version + 1, updated_at=func.now())
        .returning(User.token_version)
    )
    return int(changed.scalar_one())


def _account(row: Any) -> Account:
    return Account(**row._asdict())
