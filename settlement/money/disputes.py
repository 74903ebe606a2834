"""A buyer's bank contests a captured payment: written down, and shown on the payment."""

from settlement.money.context import Connection
from settlement.providers.protocol import DisputeReport


async def note_dispute(connection: Connection, provider: str, report: DisputeReport) -> str | None:
    """Write how a dispute stands; returns the payment's id, None when there is no such payment.

    A payment is DISPUTED while it is open or lost, and SUCCEEDED again when it was won. Late news
    of a closed dispute's beginning change nothing.
    """
    async with connection.transaction():
        payment_id = await connection.fetchval(
            "SELECT id::text FROM payments WHERE provider = $1 AND provider_ref = $2"
            " FOR NO KEY UPDATE",
            provider,
            report.payment_ref,
        )
        if payment_id is None:
            return None
        written = await connection.fetchval(
            "INSERT INTO disputes AS d (payment_id, provider_ref, status, reason, amount_minor,"
            " closed_at) VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::bool THEN now() END)"
            " ON CONFLICT (provider_ref) DO UPDATE SET status = excluded.status,"
            " reason = coalesce(excluded.reason, d.reason), closed_at = excluded.closed_at"
            " WHERE d.closed_at IS NULL RETURNING d.id",
            payment_id,
            report.ref,
            report.status,
            report.reason,
            report.amount_minor,
            report.closed,
        )
        if written is not None:
            before, after = ("DISPUTED", "SUCCEEDED") if report.won else ("SUCCEEDED", "DISPUTED")
            await connection.execute(
                "UPDATE payments SET status = $3, updated_at = now() WHERE id = $1 AND status = $2",
                payment_id,
                before,
                after,
            )
        return str(payment_id)
