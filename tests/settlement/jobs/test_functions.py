"""A job that cannot be done now ends quietly: its row is queued again."""

from pathlib import Path

import msgspec
import redis.asyncio

from settlement.jobs import names
from settlement.jobs.functions import TIMEOUT_S, functions
from settlement.providers.registry import Providers
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET
from tests.settlement.money.till import open_till


async def test_every_job_has_a_function_that_does_it(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir) as till:
        jobs = {one.name: one for one in functions(till.money)}
        assert set(jobs) == {names.CANCEL_EXPIRING, names.SEND_REFUND, names.PROBE_PAYMENT}
        assert all(one.timeout_s == TIMEOUT_S <= 10 for one in jobs.values())
        order = await till.order()
        payment = await till.pay(order)
        await till.complete(payment)
        await jobs[names.PROBE_PAYMENT].run({}, payment.id)
        await till.shop.drainer.drain()
        assert await till.status_of(order) == ("PAID", ["SUCCEEDED"])


async def test_an_outage_is_not_a_failure(
    valkey: "redis.asyncio.Redis", database_url: str, short_dir: Path
) -> None:
    async with open_till(valkey, database_url, short_dir) as till:
        payment = await till.pay(await till.order())
        nobody = Simulator("http://127.0.0.1:9", SECRET, timeout_s=0.5)
        money = msgspec.structs.replace(till.money, providers=Providers({"simulator": nobody}))
        jobs = {one.name: one for one in functions(money)}
        await jobs[names.PROBE_PAYMENT].run({}, payment.id)
        await jobs[names.CANCEL_EXPIRING].run({}, payment.order_id, payment.id)
        await nobody.close()
