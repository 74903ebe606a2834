"""SQL of payments. Status, verdict and refunds of captured money are settlement's, not ours."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from settlement.money.context import Connection


class Payment(Struct, frozen=True):
    """A row of payments."""

    id: str
    order_id: str
    provider: str
    status: str
    amount_minor: int
    currency: str
    provider_ref: str | None
    client_secret: str | None
    redirect_url: str | None
    idempotency_key: str
    failure_reason: str | None
    verdict: str | None
    verdict_reason: str | None
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None


class PaymentChange(Struct, frozen=True):
    """What a report makes of a payment row; None leaves a column as it is."""

    payment_id: str
    ref: str | None = None
    status: str | None = None
    reason: str | None = None


async def insert_intent(
    connection: Connection, payment_id: str, order_id: str, provider: str
) -> Payment | None:
    """Write down that a payment of a pending order is going to be opened.

    None when the order is not pending, or has an open payment already.
    """
    row = await connection.fetchrow(
        "INSERT INTO payments (id, order_id, provider, amount_minor, currency, idempotency_key)"
        " SELECT $1, id, $3, total_minor, currency, 'payment:' || $1::uuid FROM orders"
        " WHERE id = $2 AND status = 'PENDING'"
        " ON CONFLICT (order_id) WHERE status IN ('PENDING', 'PROCESSING') DO NOTHING RETURNING *",
        payment_id,
        order_id,
        provider,
    )
    return None if row is None else _payment(row)


async def read_open(connection: Connection, order_id: str) -> Payment | None:
    """Return the open payment of an order."""
    row = await connection.fetchrow(
        "SELECT * FROM payments WHERE order_id = $1 AND status IN ('PENDING', 'PROCESSING')",
        order_id,
    )
    return None if row is None else _payment(row)


async def read_payment(connection: Connection, payment_id: str) -> Payment | None:
    """Return a payment."""
    row = await connection.fetchrow("SELECT * FROM payments WHERE id = $1", payment_id)
    return None if row is None else _payment(row)


async def write_created(
    connection: Connection,
    payment_id: str,
    ref: str,
    client_secret: str | None,
    redirect_url: str | None,
    response: dict[str, Any],
) -> Payment | None:
    """Keep what the provider answered; None when another reference stands there already."""
    row = await connection.fetchrow(
        "UPDATE payments SET provider_ref = $2, client_secret = $3, redirect_url = $4,"
        " provider_response = $5::text::jsonb, updated_at = now()"
        " WHERE id = $1 AND coalesce(provider_ref, $2) = $2 RETURNING *",
        payment_id,
        ref,
        client_secret,
        redirect_url,
        msgspec.json.encode(response).decode(),
    )
    return None if row is None else _payment(row)


async def write_changes(connection: Connection, changes: Sequence[PaymentChange]) -> None:
    """Apply changes to payments that are still open; a reference is kept in any state.

    One statement; rows are locked in the order of their ids.
    """
    folded = {change.payment_id: change for change in sorted(changes, key=_finality)}
    wanted = [folded[one] for one in sorted(folded) if folded[one].ref or folded[one].status]
    if not wanted:
        return
    await connection.execute(
        "WITH given AS (SELECT p.id, c.ref, c.reason, CASE WHEN p.status IN ('PENDING',"
        " 'PROCESSING') THEN c.status END AS status"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])"
        " AS c (id, ref, status, reason)"
        " JOIN payments AS p ON p.id = c.id::uuid ORDER BY p.id FOR NO KEY UPDATE OF p)"
        " UPDATE payments AS p SET provider_ref = coalesce(p.provider_ref, c.ref),"
        " status = coalesce(c.status, p.status),"
        " failure_reason = CASE WHEN c.status IS NULL THEN p.failure_reason ELSE c.reason END,"
        " updated_at = now() FROM given AS c WHERE p.id = c.id"
        " AND (c.status <> p.status OR p.provider_ref IS NULL AND c.ref IS NOT NULL)",
        [c.payment_id for c in wanted],
        [c.ref or None for c in wanted],
        [c.status for c in wanted],
        [c.reason for c in wanted],
    )


async def touch(connection: Connection, payment_id: str) -> None:
    """Note that a payment was asked about now, so that others have their turn."""
    await connection.execute("UPDATE payments SET updated_at = now() WHERE id = $1", payment_id)


async def read_stale(connection: Connection, older_than_s: float, most: int) -> list[str]:
    """Return open payments nobody heard of for that long, the longest first."""
    rows = await connection.fetch(
        "SELECT id::text FROM payments WHERE status IN ('PENDING', 'PROCESSING')"
        " AND updated_at < now() - make_interval(secs => $1) ORDER BY updated_at LIMIT $2",
        older_than_s,
        most,
    )
    return [row[0] for row in rows]


async def read_expiring(connection: Connection, most: int) -> list[tuple[str, str]]:
    """Return (order, open payment) of the orders that wait for their provider to let go."""
    rows = await connection.fetch(
        "SELECT o.id::text, p.id::text FROM orders AS o JOIN payments AS p ON p.order_id = o.id"
        " AND p.status IN ('PENDING', 'PROCESSING')"
        " WHERE o.status = 'PENDING' AND o.hold_state = 'EXPIRING'"
        " ORDER BY o.expires_at LIMIT $1",
        most,
    )
    return [(row[0], row[1]) for row in rows]


def _payment(row: Mapping[str, Any]) -> Payment:
    found = {name: row[name] for name in Payment.__struct_fields__}
    return Payment(**{**found, "id": str(row["id"]), "order_id": str(row["order_id"])})


def _finality(change: PaymentChange) -> int:
    """Of several changes of one payment in one batch, an ending outweighs what came with it."""
    return {None: 0, "PROCESSING": 1}.get(change.status, 2)
