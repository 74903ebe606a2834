"""What a provider captured, compared with what we know of it: a webhook may never come.

It is the last net: probes ask about payments that are open, this finds money for those that we
believe failed or cancelled.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Connection, Money
from settlement.money.due import COLUMNS, due_of
from settlement.money.take_reports import Item, Taken, take_reports
from settlement.providers.errors import ProviderError
from settlement.providers.protocol import PaymentProvider, PaymentReport

log = structlog.get_logger(__name__)

SLICE_MAX: Final = 200
"""Reports ruled on at once, as in a batch of webhooks."""

_UNRULED: Final = (
    f"SELECT c.ref AS captured_ref, {COLUMNS}"
    " FROM unnest($2::text[]) AS c (ref)"
    " JOIN payments AS p ON p.provider = $1 AND p.provider_ref = c.ref AND p.verdict IS NULL"
    " JOIN orders AS o ON o.id = p.order_id JOIN sales AS s ON s.id = o.sale_id"
)


async def reconcile(money: Money, back: timedelta) -> int:
    """Rule on every capture so far back that has no verdict; returns how many there were.

    A provider that does not answer is left for the next run. Raises StoreUnreachable, and what the
    database raises.
    """
    since = datetime.now(UTC) - back
    total = 0
    for provider in money.providers:
        try:
            captured = await provider.captured_since(since)
        except ProviderError as failed:
            log.warning("reconcile_waits", provider=provider.name, reason=str(failed))
            continue
        for at in range(0, len(captured), SLICE_MAX):
            total += await _rule(money, provider, captured[at : at + SLICE_MAX])
    return total


async def _rule(money: Money, provider: PaymentProvider, captured: Sequence[PaymentReport]) -> int:
    async with raw_connection(money.engine) as connection:
        items = await _unruled(connection, provider.name, captured)
    if not items:
        return 0
    results = await take_reports(money, items)
    async with raw_connection(money.engine) as connection:
        changes = [result.change for result in results if isinstance(result, Taken)]
        await payment_rows.write_changes(connection, changes)
    log.info("captures_found", provider=provider.name, payments=len(items))
    return len(items)


async def _unruled(
    connection: Connection, provider: str, captured: Sequence[PaymentReport]
) -> list[Item]:
    reports = {report.ref: report for report in captured}
    items: list[Item] = []
    for row in await connection.fetch(_UNRULED, provider, list(reports)):
        due = due_of(row)
        if due is not None:
            items.append((due, reports[row["captured_ref"]]))
    return items
