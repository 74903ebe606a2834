"""People for tests: rows and minted tokens, no password hashes."""

import itertools
import uuid
from typing import Final

from msgspec import Struct
from sqlalchemy import insert

from gateway.accounts.tokens import issue_access_token
from gateway.app import Application
from migrations.schema import User
from migrations.states import Role

SECRET: Final = "b7c1d0f2a9e84635-0918273645-zyxwvutsrq"
_numbers = itertools.count(1)


class Person(Struct, frozen=True):
    """Somebody with a token."""

    id: int
    email: str
    session_id: uuid.UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What their requests carry."""
        return {"Authorization": f"Bearer {self.token}"}


class People:
    """Makes people in one gateway's database."""

    def __init__(self, app: Application) -> None:
        self._process = app.process

    async def customer(self) -> Person:
        """A new customer."""
        return await self._person("customer")

    async def admin(self) -> Person:
        """A new admin."""
        return await self._person("admin")

    async def _person(self, role: Role) -> Person:
        email, session_id = f"{role}{next(_numbers)}@shop.example", uuid.uuid4()
        async with self._process.database.begin() as connection:
            added = await connection.execute(
                insert(User).values(email=email, password_hash="!", role=role).returning(User.id)
            )
        user_id = int(added.scalar_one())
        token = issue_access_token(
            self._process.settings, user_id=user_id, session_id=session_id, role=role, version=0
        )
        return Person(user_id, email, session_id, token)
