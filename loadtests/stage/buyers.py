"""Users in bulk, and a fresh token for every request."""

import time
import uuid
from collections.abc import Sequence
from typing import Final

import jwt

from loadtests.stage.database import Database

NO_PASSWORD: Final = "!"  # noqa: S105 - no hash at all, so nobody can sign in with it
TOKEN_LIFE_S: Final = 3_600


class NotEnoughBuyers(Exception):
    """A run would have asked for the same buyer twice."""


class Buyers:
    """Customers of the stage, given out in turn: no run sees one of them twice."""

    def __init__(self, first_id: int, count: int, secret_key: str) -> None:
        self.count = count
        self._first_id = first_id
        self._secret_key = secret_key
        self._at = 0

    def take(self, count: int) -> list[int]:
        """The next `count` user ids, all different; after the last comes the first again.

        Raises:
            NotEnoughBuyers: there are fewer.
        """
        if count > self.count:
            raise NotEnoughBuyers(f"{count} are wanted, there are {self.count}")
        taken = [self._first_id + (self._at + n) % self.count for n in range(count)]
        self._at = (self._at + count) % self.count
        return taken

    def tokens(self, buyers: Sequence[int]) -> list[str]:
        """An access token for each, of a session of its own."""
        return [mint(buyer, "customer", self._secret_key) for buyer in buyers]


def insert_buyers(database: Database, count: int, secret_key: str) -> Buyers:
    """Make `count` customers who cannot sign in. Once per database."""
    first_id = database.value(
        "WITH made AS (INSERT INTO users (email, password_hash)"
        " SELECT format('buyer-%s@bench.invalid', n), $2 FROM generate_series(1, $1) AS n"
        " RETURNING id) SELECT min(id) FROM made",
        count,
        NO_PASSWORD,
    )
    database.execute("ANALYZE users")
    return Buyers(first_id, count, secret_key)


def insert_admin(database: Database, secret_key: str) -> str:
    """Make an admin who cannot sign in, and give a token of theirs."""
    admin_id = database.value(
        "INSERT INTO users (email, password_hash, role) VALUES ('admin@bench.invalid', $1, 'admin')"
        " RETURNING id",
        NO_PASSWORD,
    )
    return mint(admin_id, "admin", secret_key)


def mint(user_id: int, role: str, secret_key: str) -> str:
    """An access token as the gateway issues it."""
    now_s = int(time.time())
    claims = {
        "sub": str(user_id),
        "sid": str(uuid.uuid4()),
        "role": role,
        "typ": "access",
        "ver": 0,
        "iat": now_s,
        "exp": now_s + TOKEN_LIFE_S,
    }
    return jwt.encode(claims, secret_key, algorithm="HS256")
