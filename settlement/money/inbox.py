"""Webhooks, many at once: kept, ruled on, ticked off.

Three round trips for a whole batch: one statement that keeps and looks up, one pipeline of scripts,
one statement that ticks off. A webhook that was kept and not handled, for whatever reason, is
handled again by the cron: everything here may be repeated.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
import sqlalchemy.exc
import structlog
from msgspec import Struct

from lua.store import StoreError
from migrations.engine import raw_connection
from migrations.states import WebhookState
from settlement.money import inbox_rows, payment_rows, refund_rows
from settlement.money.context import Connection, Money
from settlement.money.disputes import note_dispute
from settlement.money.due import Due
from settlement.money.inbox_rows import Handled, Unhandled
from settlement.money.payment_rows import PaymentChange
from settlement.money.send_refund import take_refund_report
from settlement.money.stray import take_stray
from settlement.money.take_reports import Item, Result, Taken, Waits, take_reports
from settlement.providers.errors import UnreadableEvent
from settlement.providers.protocol import DisputeReport, Event, PaymentReport, RefundReport, Report

log = structlog.get_logger(__name__)

DATABASE_AWAY: Final = (
    OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlalchemy.exc.DBAPIError,
    sqlalchemy.exc.TimeoutError,
)  # fmt: skip
DONE: Final = frozenset({"handled", "ignored"})


class Entry(Struct, frozen=True):
    """A kept webhook to be handled."""

    inbox_id: int | None
    provider: str
    report: Report | None
    unreadable: str | None
    due: Due | None


class Verdict(Struct, frozen=True):
    """What came of a webhook. ``state``: handled, ignored, failed; received: it must wait."""

    state: WebhookState
    outcome: str
    change: PaymentChange | None = None


async def receive(money: Money, deliveries: Sequence[tuple[str, Event]]) -> list[Verdict]:
    """Keep (provider, event) pairs and handle those that were not before; verdicts in order.

    On return all are durable; one whose state is ``received`` has not had its effect yet. Raises
    what the database raises; then nothing may be assumed.
    """
    async with raw_connection(money.engine) as connection:
        kept = await inbox_rows.keep(connection, deliveries)
        verdicts = [Verdict(one.state, "handled before") for one in kept]
        todo = [at for at, one in enumerate(kept) if one.state not in DONE]
        entries = []
        for at in todo:
            (provider, event), one = deliveries[at], kept[at]
            entries.append(Entry(one.inbox_id, provider, event.report, event.unreadable, one.due))
        for at, verdict in zip(todo, await handle(money, connection, entries), strict=True):
            verdicts[at] = verdict
        return verdicts


async def handle_late(money: Money, older_than_s: float, most: int) -> int:
    """Handle webhooks that were kept and not handled; returns how many were tried."""
    async with raw_connection(money.engine) as connection:
        unhandled = await inbox_rows.read_unhandled(connection, older_than_s, most)
        await handle(money, connection, [_entry(money, one) for one in unhandled])
    return len(unhandled)


async def handle_again(money: Money, inbox_id: int) -> Verdict | None:
    """Handle one webhook once more, whatever came of it before; None: there is none such."""
    async with raw_connection(money.engine) as connection:
        await inbox_rows.resend(connection, inbox_id)
        found = await inbox_rows.read_unhandled(connection, 0, 1, inbox_id)
        verdicts = await handle(money, connection, [_entry(money, one) for one in found])
    return verdicts[0] if verdicts else None


def _entry(money: Money, kept: Unhandled) -> Entry:
    """Read a kept payload again."""
    provider = money.providers.get(kept.provider)
    report, unreadable = None, None
    try:
        if provider is None:
            unreadable = f"{kept.provider} is not configured"
        else:
            report = provider.read_report(kept.payload)
    except UnreadableEvent as broken:
        unreadable = str(broken)
    return Entry(kept.inbox_id, kept.provider, report, unreadable, kept.due)


async def handle(money: Money, connection: Connection, entries: Sequence[Entry]) -> list[Verdict]:
    """Handle kept webhooks; verdicts in order. What fails stays ``received`` for the cron.

    ``connection`` is only for ticking off: no transaction is open while scripts run.
    """
    verdicts = [Verdict("received", "not handled") for _ in entries]
    payments: list[tuple[int, Item]] = []
    for at, entry in enumerate(entries):
        match entry:
            case Entry(report=PaymentReport() as report, due=Due() as due) if _same(due, report):
                payments.append((at, (due, report)))
            case _:
                verdicts[at] = await _handle_other(money, entry)
    if payments:
        for at, verdict in await _handle_payments(money, payments):
            verdicts[at] = verdict
    await _tick_off(money, connection, entries, verdicts)
    return verdicts


async def _handle_payments(
    money: Money, payments: Sequence[tuple[int, Item]]
) -> list[tuple[int, Verdict]]:
    try:
        results = await take_reports(money, [item for _, item in payments])
    except (StoreError, *DATABASE_AWAY) as failed:
        log.warning("webhooks_wait", reason=str(failed), webhooks=len(payments))
        return [(at, Verdict("received", str(failed))) for at, _ in payments]
    return [(at, _verdict(result)) for (at, _), result in zip(payments, results, strict=True)]


def _verdict(result: Result) -> Verdict:
    match result:
        case Taken(outcome=outcome, change=change):
            return Verdict("handled", outcome, change)
        case Waits(reason=reason):
            return Verdict("received", reason)
        case _:
            return Verdict("received", result.reason)


async def _handle_other(money: Money, entry: Entry) -> Verdict:
    if entry.unreadable is not None:
        log.error("webhook_unreadable", provider=entry.provider, reason=entry.unreadable)
        return Verdict("failed", entry.unreadable)
    try:
        match entry.report:
            case None:
                return Verdict("ignored", "nothing that concerns us")
            case PaymentReport() as report if entry.due is not None:
                async with raw_connection(money.engine) as connection:
                    return Verdict("handled", await take_stray(connection, entry.due, report))
            case PaymentReport(payment_id=payment_id):
                if payment_id is None:
                    return Verdict("ignored", "not a payment of ours")
                log.error("webhook_of_unknown_payment", payment=payment_id)
                return Verdict("failed", f"there is no payment {payment_id}")
            case RefundReport() as report:
                return await _handle_refund(money, entry.provider, report)
            case DisputeReport() as report:
                async with raw_connection(money.engine) as connection:
                    found = await note_dispute(connection, entry.provider, report)
                known = found is not None
                return Verdict("handled" if known else "ignored", f"dispute {report.status}")
    except (StoreError, *DATABASE_AWAY) as failed:
        log.warning("webhook_waits", provider=entry.provider, reason=str(failed))
        return Verdict("received", str(failed))


async def _handle_refund(money: Money, provider: str, report: RefundReport) -> Verdict:
    ours = inbox_rows.uuid_or_none(report.refund_id)
    async with raw_connection(money.engine) as connection:
        refund_id = await refund_rows.find(connection, provider, ours, report.ref)
    if refund_id is None:
        return Verdict("ignored", "not a refund of ours")
    return Verdict("handled", f"refund {await take_refund_report(money, refund_id, report)}")


async def _tick_off(
    money: Money, connection: Connection, entries: Sequence[Entry], verdicts: Sequence[Verdict]
) -> None:
    """Write what came of the webhooks; when that fails, they are handled again, which is safe."""
    handled = [
        Handled(entry.inbox_id, one.state, None if one.state in DONE else one.outcome)
        for entry, one in zip(entries, verdicts, strict=True)
        if entry.inbox_id is not None
    ]
    changes = [one.change for one in verdicts if one.change is not None]
    try:
        await payment_rows.write_changes(connection, changes)
        await inbox_rows.finish(connection, handled, money.settings.webhook_attempts_max)
    except DATABASE_AWAY as failed:
        log.warning("webhooks_not_ticked_off", reason=str(failed), webhooks=len(handled))


def _same(due: Due, report: PaymentReport) -> bool:
    """Whether the report is about the payment that we opened, and not about another with our id."""
    return due.provider_ref in {None, report.ref}
