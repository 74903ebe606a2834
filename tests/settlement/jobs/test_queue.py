"""The queue loses nothing that matters, runs no code of strangers, and never fails a request."""

import pickle
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import redis.asyncio
from arq.worker import Worker, func

from flashsale.stack.engines import Engines
from lua.settings import ValkeySettings
from settlement.jobs import names
from settlement.jobs.functions import TIMEOUT_S
from settlement.jobs.queue import JobQueue, deserialize, queue_settings, serialize

JOB = names.send_refund("018f0000-0000-7000-8000-000000000000")


@pytest.fixture
def settings(engines: Engines) -> ValkeySettings:
    return ValkeySettings(redis_url=engines.valkey.url, queue_redis_url=engines.queue.url)


@pytest.fixture
async def queue(
    settings: ValkeySettings, queue_valkey: "redis.asyncio.Redis"
) -> AsyncIterator[JobQueue]:
    found = JobQueue(settings)
    yield found
    await found.close()


# arq 0.28 closes its pool by a name that redis-py 5 calls old.
ARQ_CLOSES = pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning")


def worker(settings: ValkeySettings, ran: list[tuple[str, ...]]) -> Worker:
    async def job(_: dict[Any, Any], *arguments: Any, **__: Any) -> None:
        ran.append(arguments)

    run: Any = job

    return Worker(
        functions=[func(run, name=names.SEND_REFUND, timeout=TIMEOUT_S)],
        redis_settings=queue_settings(settings),
        job_serializer=serialize,
        job_deserializer=deserialize,
        keep_result=0,
        burst=True,
        poll_delay=0.01,
        handle_signals=False,
    )


@ARQ_CLOSES
async def test_a_job_waits_once_and_runs(queue: JobQueue, settings: ValkeySettings) -> None:
    for _ in range(3):
        assert await queue.enqueue(JOB)
    ran: list[tuple[str, ...]] = []
    one = worker(settings, ran)
    await one.main()
    await one.close()
    assert ran == [JOB.arguments]
    assert await queue.enqueue(JOB)
    again = worker(settings, ran)
    await again.main()
    await again.close()
    assert ran == [JOB.arguments] * 2


async def test_a_job_is_not_pickled(queue: JobQueue, queue_valkey: "redis.asyncio.Redis") -> None:
    await queue.enqueue(JOB)
    (key,) = await queue_valkey.keys("arq:job:*")
    body = await queue_valkey.get(key)
    assert deserialize(body)["f"] == names.SEND_REFUND
    with pytest.raises(Exception, match=r".*"):
        pickle.loads(body)


@ARQ_CLOSES
async def test_a_pickled_job_is_refused_and_runs_nothing(
    queue: JobQueue, queue_valkey: "redis.asyncio.Redis", settings: ValkeySettings
) -> None:
    body = pickle.dumps({"t": None, "f": names.SEND_REFUND, "a": ("x",), "k": {}, "et": 1})
    await queue_valkey.set("arq:job:evil", body)
    await queue_valkey.zadd("arq:queue", {"evil": time.time() * 1000})
    ran: list[tuple[str, ...]] = []
    one = worker(settings, ran)
    await one.main()
    await one.close()
    assert ran == []


async def test_a_queue_that_is_away_fails_no_request() -> None:
    away = JobQueue(ValkeySettings(redis_url="redis://127.0.0.1:9"))
    began_s = time.monotonic()
    assert not await away.enqueue(JOB)
    assert time.monotonic() - began_s < 2
    await away.close()


def test_the_worker_checks_the_host_s_name_and_rides_out_a_restart() -> None:
    plain = queue_settings(ValkeySettings(redis_url="redis://:secret@host:7000/2"))
    assert (plain.host, plain.port, plain.database, plain.password) == ("host", 7000, 2, "secret")
    assert plain.retry is not None
    assert plain.retry_on_error
    assert queue_settings(ValkeySettings(redis_url="rediss://host")).ssl_check_hostname


def test_jobs_are_named_by_what_they_are_about() -> None:
    assert names.cancel_expiring("o", "p").id == "cancel_expiring:o:p"
    assert names.probe_payment("p").id == "probe_payment:p"
    assert msgspec.msgpack.decode(serialize({"r": ValueError("x")})) == {"r": "ValueError('x')"}
