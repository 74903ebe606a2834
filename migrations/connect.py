"""Opens one asyncpg connection, trying again for a moment while a server starts."""

import asyncio
import random
from typing import Any

import asyncpg

from migrations.unfit import NotDurable

TRIES_MAX = 3
"""A restarted server is missed for milliseconds; longer is an outage, and callers answer 503."""
PAUSE_S = 0.1
"""Before the second try; doubled for the third, with up to as much again at random."""

PASSING = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
)


async def connect_with_retry(*args: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    """`asyncpg.connect`, at most three times when the cause may pass.

    Raises:
        NotDurable: the server is too old to know `transaction_timeout`.
        OSError, TimeoutError, asyncpg.PostgresError: the last try's reason.
    """
    for attempt in range(1, TRIES_MAX):
        try:
            return await _connect(*args, **options)
        except TimeoutError:
            raise  # it has already cost the whole connect timeout
        except PASSING:
            pause_s = PAUSE_S * 2 ** (attempt - 1)
            await asyncio.sleep(pause_s * (1 + random.random()))  # noqa: S311 (jitter)
    return await _connect(*args, **options)


async def _connect(*args: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await asyncpg.connect(*args, **options)
    except asyncpg.UndefinedObjectError as error:
        if "transaction_timeout" in str(error):
            raise NotDurable("server_version", "below 17", "17 or newer") from error
        raise
