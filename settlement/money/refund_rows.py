"""SQL of refunds on their way: requested -> sent -> succeeded, failed, or requested again."""

from msgspec import Struct

from settlement.money.context import Connection


class Claimed(Struct, frozen=True):
    """A refund that is ours to send now, with what its provider must know of the payment."""

    id: str
    payment_id: str
    order_id: str
    provider: str
    payment_ref: str | None
    amount_minor: int
    currency: str
    cause: str
    idempotency_key: str
    refund_ref: str | None
    attempts: int


async def claim(connection: Connection, refund_id: str, answer_s: float) -> Claimed | None:
    """Write down that the refund is being sent; None when it is not due, or done.

    For ``answer_s`` seconds nobody else takes it up.
    """
    row = await connection.fetchrow(
        "UPDATE refunds AS r SET status = 'sent', attempts = r.attempts + 1, sent_at = now(),"
        " next_attempt_at = now() + make_interval(secs => $2) FROM payments AS p"
        " WHERE r.id = $1 AND p.id = r.payment_id AND r.status IN ('requested', 'sent')"
        " AND coalesce(r.next_attempt_at, now()) <= now()"
        " RETURNING r.id::text, r.payment_id::text, r.order_id::text, p.provider,"
        " p.provider_ref AS payment_ref, r.amount_minor, r.currency, r.cause, r.idempotency_key,"
        " r.provider_ref AS refund_ref, r.attempts",
        refund_id,
        answer_s,
    )
    return None if row is None else Claimed(**row)


async def put_back(connection: Connection, refund_id: str, pause_s: float, error: str) -> None:
    """The provider could not be asked: try again in ``pause_s``."""
    await connection.execute(
        "UPDATE refunds SET status = 'requested', last_error = $3,"
        " next_attempt_at = now() + make_interval(secs => $2) WHERE id = $1 AND status = 'sent'",
        refund_id,
        pause_s,
        error,
    )


async def wait_for_end(connection: Connection, refund_id: str, ref: str, pause_s: float) -> None:
    """The provider has accepted it and will tell: look again in ``pause_s``."""
    await connection.execute(
        "UPDATE refunds SET provider_ref = $2, last_error = NULL,"
        " next_attempt_at = now() + make_interval(secs => $3) WHERE id = $1 AND status = 'sent'",
        refund_id,
        ref,
        pause_s,
    )


async def fail(connection: Connection, refund_id: str, ref: str | None, reason: str) -> bool:
    """The provider says no, for good; False when the refund has ended already."""
    status = await connection.execute(
        "UPDATE refunds SET status = 'failed', provider_ref = coalesce($2, provider_ref),"
        " last_error = $3, finished_at = now(), next_attempt_at = NULL"
        " WHERE id = $1 AND status IN ('requested', 'sent')",
        refund_id,
        ref,
        reason,
    )
    return bool(status == "UPDATE 1")


async def correct_amount(
    connection: Connection, refund_id: str, amount_minor: int, currency: str
) -> None:
    """What was captured is not what was due: give back what was captured."""
    await connection.execute(
        "UPDATE refunds SET amount_minor = $2, currency = $3 WHERE id = $1 AND cause = 'mismatch'",
        refund_id,
        amount_minor,
        currency,
    )


async def find(
    connection: Connection, provider: str, refund_id: str | None, ref: str
) -> str | None:
    """Return the id of the refund that a provider tells of, by our id or by its reference."""
    found = await connection.fetchval(
        "SELECT r.id::text FROM refunds AS r JOIN payments AS p ON p.id = r.payment_id"
        " WHERE p.provider = $1 AND (r.id = $2::text::uuid OR r.provider_ref = $3)"
        " ORDER BY r.id = $2::text::uuid DESC NULLS LAST LIMIT 1",
        provider,
        refund_id,
        ref,
    )
    return None if found is None else str(found)


async def read_due(connection: Connection, most: int) -> list[str]:
    """Return the refunds that somebody must send now, the longest overdue first."""
    rows = await connection.fetch(
        "SELECT id::text FROM refunds WHERE status IN ('requested', 'sent')"
        " AND coalesce(next_attempt_at, now()) <= now() ORDER BY next_attempt_at LIMIT $1",
        most,
    )
    return [row[0] for row in rows]
