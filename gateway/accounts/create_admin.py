"""The first admin, from a command line, and every later one."""

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.passwords import Passwords
from gateway.accounts.users import credentials_of, insert_user
from gateway.operations import audit
from migrations.schema import User


async def create_admin(database: AsyncEngine, email: str, password: str) -> int:
    """Make an admin of this e-mail and return the user's id; who has it already is promoted.

    An existing account keeps its password. Raises WeakPassword.
    """
    async with database.connect() as connection:
        known = await credentials_of(connection, email)
    if known is not None:
        return await _promote(database, known.id)
    passwords = Passwords(threads=1, queue_max=0)
    try:
        password_hash = await passwords.hash_new(password, email)
    finally:
        passwords.close()
    async with database.begin() as connection:
        account = await insert_user(connection, email, password_hash, role="admin")
        await audit.record(
            connection,
            actor_id=None,
            action="account.admin_created",
            subject="user",
            subject_id=account.id,
        )
    return account.id


async def _promote(database: AsyncEngine, user_id: int) -> int:
    async with database.begin() as connection:
        await connection.execute(
            update(User)
            .where(User.id == user_id)
            .values(role="admin", is_active=True, updated_at=func.now())
        )
        await audit.record(
            connection,
            actor_id=None,
            action="account.promoted",
            subject="user",
            subject_id=user_id,
            after={"role": "admin"},
        )
    return user_id
