"""Asks the provider how a payment stands, and takes what it reports."""

from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Money
from settlement.money.due import Due, read_due
from settlement.money.end_payment import gone, learn_ref, provider_of, take_and_write
from settlement.money.take_reports import Result
from settlement.providers.protocol import Missing, Open, PaymentReport


async def probe_payment(money: Money, payment_id: str) -> Result | None:
    """Ask about a payment in any state; None when there is no such payment.

    One that is still open although its order is over is cancelled, so that nobody pays for
    nothing. Raises ProviderError, StoreUnreachable, and what the database raises.
    """
    async with raw_connection(money.engine) as connection:
        due = await read_due(connection, payment_id)
        if due is None:
            return None
        await payment_rows.touch(connection, payment_id)
    return await take_and_write(money, due, await _ask(money, due))


async def _ask(money: Money, due: Due) -> PaymentReport:
    provider = provider_of(money, due)
    ref = await learn_ref(money, due, provider)
    if ref is None:
        return gone(due)
    report = await provider.probe(ref)
    if isinstance(report, Missing):
        return gone(due)
    if isinstance(report.state, Open) and due.order_status != "PENDING":
        ended = await provider.cancel(ref)
        return gone(due) if isinstance(ended, Missing) else ended
    return report
