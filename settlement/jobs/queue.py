"""Puts jobs into ARQ's queue, on a server of its own. Besides the worker, arq is used here only."""

import asyncio
from typing import Any, Final, Protocol

import msgspec
import redis.exceptions
import structlog
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from lua.settings import ValkeySettings
from settlement.jobs.names import Job

QUEUE_TIMEOUT_S: Final = 1.0
"""A request waits no longer for the queue; the cron queues what was not queued."""

POLL_S: Final = 0.2
"""How long a job waits in the queue at most, when the worker is idle."""

HEALTH_S: Final = 10
"""How often the worker tells the queue that it lives."""

RETRIES: Final = 20
"""With the back-off below: the worker rides out some 15 s without its queue before it stops."""

log = structlog.get_logger(__name__)


class Queue(Protocol):
    """Where jobs wait: ARQ's queue, or nothing but a list in a test."""

    async def enqueue(self, job: Job) -> bool:
        """Queue a job unless it waits already; False when it could not be queued. Never raises."""


class JobQueue:
    """ARQ's queue. Connects when first used; belongs to one event loop."""

    def __init__(self, settings: ValkeySettings) -> None:
        secure = settings.queue_url.startswith("rediss:")
        self._arq = ArqRedis.from_url(
            settings.queue_url,
            **({"ssl_check_hostname": True} if secure else {}),
            socket_timeout=QUEUE_TIMEOUT_S,
            socket_connect_timeout=QUEUE_TIMEOUT_S,
            max_connections=8,
        )
        self._arq.job_serializer = serialize
        self._arq.job_deserializer = deserialize

    async def enqueue(self, job: Job) -> bool:
        """Queue a job unless it waits already; False when it could not be queued. Never raises."""
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await self._arq.enqueue_job(job.name, *job.arguments, _job_id=job.id)
        except (redis.exceptions.RedisError, OSError, TimeoutError) as lost:
            log.warning("job_not_queued", job=job.id, reason=type(lost).__name__)
            return False
        return True

    async def close(self) -> None:
        """Give back connections."""
        await self._arq.aclose()


def queue_settings(settings: ValkeySettings) -> RedisSettings:
    """Return how the worker reaches the queue; it survives the queue's restart.

    Never log it: its repr holds the password.
    """
    found = RedisSettings.from_dsn(settings.queue_url)
    found.ssl_check_hostname = found.ssl
    found.retry = Retry(ExponentialBackoff(cap=1, base=0.1), RETRIES)
    found.retry_on_timeout = True
    found.retry_on_error = [
        redis.exceptions.ConnectionError,
        redis.exceptions.TimeoutError,
        redis.exceptions.BusyLoadingError,
    ]
    return found


def serialize(job: dict[str, Any]) -> bytes:
    """Encode a job as ARQ hands it over. Not pickle: who can write to the queue must not be able to
    run code in a worker."""
    return msgspec.msgpack.encode(job, enc_hook=repr)


def deserialize(body: bytes) -> dict[str, Any]:
    """Decode a job. Raises msgspec.MsgspecError for anything that `serialize` did not make."""
    return msgspec.msgpack.decode(body, type=dict[str, Any])
