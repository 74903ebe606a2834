"""Clients of the store, and the check that it keeps what it acknowledges."""

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from lua.settings import ValkeySettings
from lua.store import UNREACHABLE, StoreUnreachable


class NotDurable(Exception):
    """The server would forget acknowledged holds; ``setting`` names what to change."""

    def __init__(self, setting: str, found: str, wanted: str) -> None:
        super().__init__(f"Valkey: {setting} is {found!r}, must be {wanted!r}")
        self.setting = setting


def connect(settings: ValkeySettings) -> "redis.asyncio.Redis":
    """Return a client with its own pool and timeouts, and no retries: a lost answer is the
    caller's to ask for again, by order id."""
    client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
        settings.redis_url,
        max_connections=settings.redis_pool_size,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
    )
    return client


async def assert_durable(client: "redis.asyncio.Redis") -> None:
    """Check `appendonly`, `appendfsync always` and `noeviction`.

    Raises NotDurable, StoreUnreachable.
    """
    wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    for setting, value in wanted.items():
        try:
            found = (await client.config_get(setting)).get(setting, "")
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost
        if found != value:
            raise NotDurable(setting, found, value)
