"""Buyers in bulk: rows without a password that anybody could know, and tokens as `login` gives."""

import uuid

import asyncpg

from gateway.accounts.tokens import issue_access_token
from gateway.settings import GatewaySettings

NO_PASSWORD = "!"  # noqa: S105 - no hash at all, so nothing matches it


async def make_buyers(database_url: str, count: int) -> list[int]:
    """Insert so many customers and return their ids."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "INSERT INTO users (email, password_hash, email_verified)"
            " SELECT 'buyer-' || gen_random_uuid() || '@demo.example', $2, true"
            " FROM generate_series(1, $1::int) RETURNING id",
            count,
            NO_PASSWORD,
        )
    finally:
        await connection.close()
    return [row["id"] for row in rows]


def mint_tokens(settings: GatewaySettings, users: list[int]) -> list[str]:
    """Return a token for each of them, good for the whole run."""
    return [
        issue_access_token(
            settings, user_id=user, session_id=uuid.uuid4(), role="customer", version=0
        )
        for user in users
    ]
