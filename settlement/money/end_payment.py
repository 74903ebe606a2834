"""Makes sure at the provider that a payment cannot succeed any more, and takes what it reports."""

from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Money
from settlement.money.due import Due
from settlement.money.payment_rows import PaymentChange
from settlement.money.take_reports import Result, Taken, take_report
from settlement.providers.errors import ProviderMisused
from settlement.providers.protocol import (
    Cancelled,
    Missing,
    NewPayment,
    PaymentProvider,
    PaymentReport,
    Refused,
)


async def end_payment(money: Money, due: Due) -> Result:
    """Cancel a payment at its provider and take what came of it.

    `Taken` with a status in its change: it ended without money. Without one: it succeeded, is on
    its way, or cannot be cancelled. Raises ProviderError, StoreUnreachable, and what the database
    raises.
    """
    report = await cancel_at_provider(money, due)
    return await take_and_write(money, due, report)


async def take_and_write(money: Money, due: Due, report: PaymentReport) -> Result:
    """Take a report and commit what it makes of the payment's row. Raises as `end_payment`."""
    result = await take_report(money, due, report)
    if isinstance(result, Taken):
        async with raw_connection(money.engine) as connection:
            await payment_rows.write_changes(connection, [result.change])
    return result


async def cancel_at_provider(money: Money, due: Due) -> PaymentReport:
    """Cancel a payment at its provider; report how it stands afterwards. Raises ProviderError."""
    provider = provider_of(money, due)
    ref = await learn_ref(money, due, provider)
    if ref is None:
        return gone(due)
    answer = await provider.cancel(ref)
    return gone(due) if isinstance(answer, Missing) else answer


def provider_of(money: Money, due: Due) -> PaymentProvider:
    """Return the payment's provider. Raises ProviderMisused when it is not configured any more."""
    provider = money.providers.get(due.provider)
    if provider is None:
        raise ProviderMisused(due.provider, "is not configured")
    return provider


async def learn_ref(money: Money, due: Due, provider: PaymentProvider) -> str | None:
    """Return the provider's reference, asking for it if its first answer was lost.

    Asking is creating with the same key: either it was created before, or it is now, and nobody
    was ever given its address. None: the provider refuses it, so it was never there.
    """
    if due.provider_ref is not None:
        return due.provider_ref
    answer = await provider.create(
        NewPayment(
            payment_id=due.payment_id,
            order_id=due.order_id,
            amount_minor=due.amount_minor,
            currency=due.currency,
            idempotency_key=due.idempotency_key,
            return_url=money.return_url.replace("{order_id}", due.order_id) or None,
        )
    )
    if isinstance(answer, Refused):
        return None
    async with raw_connection(money.engine) as connection:
        await payment_rows.write_changes(
            connection, [PaymentChange(due.payment_id, ref=answer.ref)]
        )
    return answer.ref


def gone(due: Due) -> PaymentReport:
    """The report about a payment that its provider does not know: nothing can be captured."""
    return PaymentReport(due.provider_ref or "", due.payment_id, due.order_id, Cancelled())
