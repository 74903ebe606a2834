"""Money captured by a second payment object of the provider's that carries our payment's id.

A provider that has forgotten our idempotency key may open a payment twice. We know one of the two;
if the other one is paid, its money gets a row of its own, ruled a duplicate, and goes back.
"""

import structlog
import uuid_utils.compat as uuids

from settlement.money.context import Connection
from settlement.money.due import Due
from settlement.providers.protocol import Captured, PaymentReport

log = structlog.get_logger(__name__)


async def take_stray(connection: Connection, due: Due, report: PaymentReport) -> str:
    """Take a report whose reference is not that of our payment; returns what came of it.

    Safe to repeat: a reference gets one row, and the row one refund.
    """
    if not isinstance(report.state, Captured):
        return "stray, nothing captured"
    log.error("payment_captured_twice", payment=due.payment_id, ref=report.ref)
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO payments (id, order_id, provider, status, amount_minor, currency,"
            " provider_ref, idempotency_key, verdict, verdict_reason, succeeded_at)"
            " VALUES ($1, $2, $3, 'SUCCEEDED', $4, $5, $6, 'stray:' || $3::text || ':' || $6::text,"
            " 'refund', 'duplicate', now()) ON CONFLICT DO NOTHING",
            str(uuids.uuid7()),
            due.order_id,
            due.provider,
            report.state.amount_minor,
            report.state.currency.upper(),
            report.ref,
        )
        await connection.execute(
            "INSERT INTO refunds (id, payment_id, order_id, amount_minor, currency, cause, status,"
            " idempotency_key, next_attempt_at) SELECT $1, id, order_id, amount_minor, currency,"
            " 'duplicate', 'requested', 'refund:' || id || ':duplicate', now() FROM payments"
            " WHERE provider = $2 AND provider_ref = $3 AND verdict = 'refund'"
            " ON CONFLICT DO NOTHING",
            str(uuids.uuid7()),
            due.provider,
            report.ref,
        )
    return "refund duplicate"
