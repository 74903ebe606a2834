"""Gives money back, in phases that may be cut short anywhere:

1. the intent, committed: the refund is ``sent``, nobody else takes it up for a while;
2. the provider is asked, with the refund's key and no transaction open;
3. the result, committed.

After a crash between them the refund is taken up again. It is looked for at the provider before it
is asked for a second time, so a provider that forgets keys does not pay twice either.
"""

import random
from typing import Final

import structlog

from lua.store import StoreError
from migrations.engine import raw_connection
from settlement.money import refund_rows
from settlement.money.context import Money
from settlement.money.finish_refund import finish_refund
from settlement.money.refund_rows import Claimed
from settlement.money.restock import restock_order
from settlement.money.settings import MoneySettings
from settlement.providers.errors import ProviderError, ProviderMisused
from settlement.providers.protocol import (
    Captured,
    Missing,
    NewRefund,
    PaymentProvider,
    RefundFailed,
    RefundPending,
    RefundReport,
    RefundSucceeded,
    Refused,
)

log = structlog.get_logger(__name__)

ERROR_CHARS_MAX: Final = 500


async def send_refund(money: Money, refund_id: str) -> str:
    """Send a refund that is due; returns what came of it in a word or two.

    Safe to call at any time, by several at once. Raises what the database raises.
    """
    async with raw_connection(money.engine) as connection:
        claimed = await refund_rows.claim(connection, refund_id, money.settings.refund_answer_s)
    if claimed is None:
        return "not due"
    try:
        answer = await _ask(money, claimed)
    except ProviderError as failed:
        await _put_back(money, claimed, failed)
        return "waits"
    if isinstance(answer, Refused):
        await _fail(money, claimed, None, f"{answer.code}: {answer.reason}")
        return "failed"
    return await take_refund_report(money, claimed.id, answer, claimed.attempts)


async def take_refund_report(
    money: Money, refund_id: str, report: RefundReport, attempts: int = 1
) -> str:
    """Write what a provider tells of a refund; returns it in a word. Raises as `send_refund`."""
    match report.state:
        case RefundSucceeded():
            async with raw_connection(money.engine) as connection:
                finished = await finish_refund(connection, refund_id, report.ref)
            if finished is not None and finished.restocks:
                await _restock(money, refund_id)
            return "succeeded"
        case RefundPending():
            pause = pause_s(money.settings, attempts)
            async with raw_connection(money.engine) as connection:
                await refund_rows.wait_for_end(connection, refund_id, report.ref, pause)
            return "pending"
        case RefundFailed(reason=reason):
            async with raw_connection(money.engine) as connection:
                if await refund_rows.fail(connection, refund_id, report.ref, reason):
                    log.error("refund_failed", refund=refund_id, reason=reason)
            return "failed"


def pause_s(settings: MoneySettings, attempts: int) -> float:
    """Return how long to wait after so many attempts (1..): doubled each time, capped, and up to
    half as much again at random, so that refunds of one outage do not come back as one."""
    doubled = settings.refund_first_pause_s * 2.0 ** min(attempts - 1, 30)
    return min(doubled, settings.refund_longest_pause_s) * (1 + random.random() / 2)  # noqa: S311


async def _ask(money: Money, claimed: Claimed) -> RefundReport | Refused:
    provider = money.providers.get(claimed.provider)
    if provider is None:
        raise ProviderMisused(claimed.provider, "is not configured")
    if claimed.payment_ref is None:
        raise ProviderMisused(claimed.provider, f"payment {claimed.payment_id} has no reference")
    amount_minor, currency = claimed.amount_minor, claimed.currency
    if claimed.cause == "mismatch":
        amount_minor, currency = await _captured(money, claimed, provider, claimed.payment_ref)
    refund = NewRefund(
        refund_id=claimed.id,
        ref=claimed.payment_ref,
        amount_minor=amount_minor,
        currency=currency,
        idempotency_key=claimed.idempotency_key,
    )
    if claimed.attempts > 1:
        found = await provider.find_refund(refund)
        if found is not None:
            return found
    return await provider.refund(refund)


async def _captured(
    money: Money, claimed: Claimed, provider: PaymentProvider, ref: str
) -> tuple[int, str]:
    """Ask what was captured, which is not what was due, and note it as the refund's amount."""
    report = await provider.probe(ref)
    if isinstance(report, Missing) or not isinstance(report.state, Captured):
        raise ProviderMisused(claimed.provider, f"payment {claimed.payment_id} is not captured")
    amount_minor, currency = report.state.amount_minor, report.state.currency.upper()
    async with raw_connection(money.engine) as connection:
        await refund_rows.correct_amount(connection, claimed.id, amount_minor, currency)
    return amount_minor, currency


async def _put_back(money: Money, claimed: Claimed, failed: ProviderError) -> None:
    bug = isinstance(failed, ProviderMisused)
    (log.error if bug else log.warning)("refund_waits", refund=claimed.id, reason=str(failed))
    pause = pause_s(money.settings, claimed.attempts)
    async with raw_connection(money.engine) as connection:
        await refund_rows.put_back(connection, claimed.id, pause, str(failed)[:ERROR_CHARS_MAX])


async def _fail(money: Money, claimed: Claimed, ref: str | None, reason: str) -> None:
    log.error("refund_failed", refund=claimed.id, payment=claimed.payment_id, reason=reason)
    async with raw_connection(money.engine) as connection:
        await refund_rows.fail(connection, claimed.id, ref, reason[:ERROR_CHARS_MAX])


async def _restock(money: Money, refund_id: str) -> None:
    """The money is back, whatever becomes of the units: the cron goes on with them."""
    try:
        await restock_order(money, refund_id)
    except StoreError as failed:
        log.warning("restock_waits", refund=refund_id, reason=str(failed))
