"""What each job does: plain functions over `Money`, wrapped so that an outage is not a failure.

A job that cannot be done now ends quietly; its row still says what is to be done, and the cron
queues it again.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import structlog
from msgspec import Struct

from lua.store import StoreError
from settlement.jobs import names
from settlement.money.cancel_expiring import cancel_expiring
from settlement.money.context import Money
from settlement.money.inbox import DATABASE_AWAY
from settlement.money.probe_payment import probe_payment
from settlement.money.send_refund import send_refund
from settlement.providers.errors import ProviderError

TIMEOUT_S: Final = 10
"""Of every job: three calls of a provider at most. ARQ gives up on a killed worker's jobs only when
the longest of all timeouts and ten seconds more have passed."""

log = structlog.get_logger(__name__)

Run: TypeAlias = Callable[..., Awaitable[object]]


class Function(Struct, frozen=True):
    """A job as the worker registers it: ``run(ctx, *arguments)`` for at most ``timeout_s``."""

    name: str
    run: Run
    timeout_s: int = TIMEOUT_S


JOBS: Final[dict[str, Run]] = {
    names.CANCEL_EXPIRING: cancel_expiring,
    names.SEND_REFUND: send_refund,
    names.PROBE_PAYMENT: probe_payment,
}


def functions(money: Money) -> list[Function]:
    """Return every job of the worker, bound to what it works with."""
    return [Function(name, _bound(name, run, money)) for name, run in JOBS.items()]


def _bound(name: str, run: Run, money: Money) -> Run:
    async def job(_: Any, *arguments: str) -> None:
        try:
            outcome = await run(money, *arguments)
        except (ProviderError, StoreError, *DATABASE_AWAY) as failed:
            log.warning("job_waits", job=name, about=arguments[-1], reason=str(failed))
        else:
            log.info("job_done", job=name, about=arguments[-1], outcome=str(outcome))

    return job
