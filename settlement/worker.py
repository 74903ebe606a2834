"""The worker: drains the journals, guards the store, runs ARQ's jobs and crons.

The drainer and the guard are tasks of this process, not ARQ jobs: neither may wait for a queue. If
one of them ends, the process ends, and whoever started it starts it again. ARQ is started again
inside the process when its own server goes away, so that a lost queue does not stop settlement.
"""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from arq.cron import CronJob, cron
from arq.worker import Worker, func
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua.connect import assert_durable, connect
from lua.settings import ValkeySettings
from lua.store import UNREACHABLE, Store
from migrations.engine import assert_durable as assert_database_durable
from migrations.engine import open_engine
from migrations.settings import DatabaseSettings
from migrations.upgrade import assert_current
from settlement.crons import TIMEOUT_S, Crons, Every
from settlement.drain.drainer import OUTAGE, Drainer
from settlement.drain.read_batch import JournalGap
from settlement.jobs.functions import functions
from settlement.jobs.queue import (
    HEALTH_S,
    POLL_S,
    JobQueue,
    deserialize,
    queue_settings,
    serialize,
)
from settlement.money.context import Money
from settlement.money.crons import MoneyCrons
from settlement.money.settings import MoneySettings
from settlement.providers.registry import open_providers
from settlement.providers.settings import ProviderSettings
from settlement.recovery.lock import RecoveryBusy
from settlement.recovery.recover import ensure_serving

GUARD_EVERY_S: Final = 0.5
"""How soon a restarted store is noticed: sales stand still until then."""

RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


class Parts(Struct):
    """What the worker's tasks share."""

    store: Store
    engine: AsyncEngine
    settings: ValkeySettings
    money: Money
    queue: JobQueue
    drainer: Drainer
    ready: asyncio.Event


def build(
    valkey: ValkeySettings,
    database: DatabaseSettings,
    providers: ProviderSettings,
    money: MoneySettings,
) -> Parts:
    """Make the parts without touching the network."""
    engine = open_engine(database)
    store = Store(connect(valkey), 0)
    return Parts(
        store=store,
        engine=engine,
        settings=valkey,
        money=Money(
            engine=engine,
            store=store,
            providers=open_providers(providers),
            settings=money,
            extension_ms=valkey.payment_extension_s * 1000,
            return_url=providers.payment_return_url,
        ),
        queue=JobQueue(valkey),
        drainer=Drainer(store, engine, _gap_found),
        ready=asyncio.Event(),
    )


async def work(parts: Parts) -> None:
    """Work until SIGTERM or SIGINT; a batch that is under way is finished or rolled back.

    Raises what makes work impossible: UnfitDatabase, NotDurable, a task that died.
    """
    try:
        await _assert_fit(parts)
        stopped = asyncio.create_task(_stopped(), name="signals")
        tasks = [
            asyncio.create_task(guard(parts), name="guard"),
            asyncio.create_task(_drain(parts), name="drainer"),
            asyncio.create_task(_queue(parts), name="queue"),
        ]
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)
        for task in done - {stopped}:
            task.result()
    finally:
        await parts.queue.close()
        await parts.money.providers.close()
        await parts.store.client.aclose()
        await parts.engine.dispose()
        log.info("worker_stopped", settled=parts.drainer.settled)


async def guard(parts: Parts) -> None:
    """Look after the store for good: recover whenever it may not serve."""
    grace_ms = parts.settings.expiring_grace_s * 1000
    while True:
        try:
            await ensure_serving(parts.store, parts.engine, grace_ms)
            parts.ready.set()
        except JournalGap as gap:
            log.critical("journal_gap", detail=str(gap), do="flashsale recover --from-valkey")
            await asyncio.sleep(RETRY_S)
        except (*OUTAGE, *UNREACHABLE, RecoveryBusy) as outage:
            log.warning("guard_waits", reason=str(outage))
        await asyncio.sleep(GUARD_EVERY_S)


async def _drain(parts: Parts) -> None:
    await parts.ready.wait()
    log.info("worker_ready", generation=parts.store.generation)
    await parts.drainer.run()


async def _queue(parts: Parts) -> None:
    """Run ARQ until cancelled; when its server is away, wait and start it again."""
    await parts.ready.wait()
    crons = [
        *Crons(parts.store, parts.engine, parts.settings).all(),
        *MoneyCrons(parts.money, parts.queue).all(),
    ]
    while True:
        worker = _arq_worker(parts, crons)
        try:
            await worker.async_run()
        except UNREACHABLE as lost:
            log.warning("queue_waits", reason=str(lost))
        finally:
            with suppress(*UNREACHABLE):
                await worker.close()
        await asyncio.sleep(RETRY_S)


def _arq_worker(parts: Parts, crons: Sequence[Every]) -> Worker:
    return Worker(
        functions=[
            func(one.run, name=one.name, timeout=one.timeout_s, keep_result=0)  # type: ignore[arg-type]
            for one in functions(parts.money)
        ],
        job_serializer=serialize,
        job_deserializer=deserialize,
        cron_jobs=[_cron_job(one) for one in crons],
        redis_settings=queue_settings(parts.settings),
        handle_signals=False,
        job_timeout=TIMEOUT_S,
        job_completion_wait=TIMEOUT_S,
        keep_result=0,
        poll_delay=POLL_S,
        health_check_interval=HEALTH_S,
        ctx={"parts": parts},
    )


def _cron_job(every: Every) -> CronJob:
    """A run that overlaps another is harmless: nothing keeps them apart but the tick's id."""

    async def run(_: Any) -> int:
        return await every.run()

    seconds = set(range(0, 60, every.period_s))
    return cron(run, name=every.name, second=seconds, timeout=TIMEOUT_S, max_tries=1)  # type: ignore[arg-type]


async def _assert_fit(parts: Parts) -> None:
    """Wait until both stores answer; stop the start when one of them is unfit."""
    while True:
        try:
            await assert_durable(parts.store.client)
            await assert_database_durable(parts.engine)
            await assert_current(parts.engine)
        except OUTAGE as outage:
            log.warning("worker_waits", reason=str(outage))
            await asyncio.sleep(RETRY_S)
        else:
            return


async def _stopped() -> None:
    """Return at the first SIGTERM or SIGINT."""
    signalled = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.set)
    await signalled.wait()


def _gap_found(gap: JournalGap) -> None:
    log.critical("journal_gap", detail=str(gap), do="flashsale recover")
