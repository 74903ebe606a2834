"""SQL of refunds that an admin asks for. The payment's row is locked first, so that two who ask at
once are served one after the other."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.payments.shapes import NewRefund, RefundSeen

COLUMNS = (
    "id, order_id, payment_id, status, amount_minor, currency, cause, reason, restock, attempts,"
    " next_attempt_at, last_error, provider_ref, created_at, finished_at"
)


class Captured(Struct, frozen=True):
    """A captured payment, locked; ``asked_minor``: what is, or is going, back of it already."""

    id: UUID
    amount_minor: int
    currency: str
    paid_order: bool
    asked_minor: int

    @property
    def left_minor(self) -> int:
        """What may still be given back."""
        return self.amount_minor - self.asked_minor


async def order_exists(connection: AsyncConnection, order_id: UUID) -> bool:
    """Tell whether there is such an order."""
    found = await connection.scalar(
        text("SELECT true FROM orders WHERE id = :id"), {"id": order_id}
    )
    return bool(found)


async def lock_captured(
    connection: AsyncConnection, order_id: UUID, payment_id: UUID | None
) -> Captured | None:
    """Lock a captured payment of an order, by default the one that paid it."""
    found = await connection.execute(
        text(
            "SELECT id, amount_minor, currency, verdict IN ('confirmed', 'retaken') AS paid_order"
            " FROM payments WHERE order_id = :order_id AND status IN ('SUCCEEDED', 'REFUNDED')"
            " AND CASE WHEN cast(:payment_id AS uuid) IS NULL"
            " THEN verdict IN ('confirmed', 'retaken') ELSE id = :payment_id END FOR UPDATE"
        ),
        {"order_id": order_id, "payment_id": payment_id},
    )
    row = found.mappings().one_or_none()
    if row is None:
        return None
    asked = await connection.scalar(
        text(
            "SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds"
            " WHERE payment_id = :id AND status <> 'failed'"
        ),
        {"id": row["id"]},
    )
    return Captured(**row, asked_minor=int(asked or 0))


async def insert_refund(
    connection: AsyncConnection,
    refund_id: UUID,
    order_id: UUID,
    payment: Captured,
    amount_minor: int,
    asked: NewRefund,
    key: str,
    actor_id: int,
) -> RefundSeen:
    """Write down that money is to go back."""
    found = await connection.execute(
        text(
            "INSERT INTO refunds (id, payment_id, order_id, amount_minor, currency, cause, reason,"
            " restock, idempotency_key, next_attempt_at, created_by) VALUES (:id, :payment_id,"
            " :order_id, :amount_minor, :currency, 'admin', :reason, :restock, :key, now(), :actor)"
            f" RETURNING {COLUMNS}"
        ),
        {
            "id": refund_id,
            "payment_id": payment.id,
            "order_id": order_id,
            "amount_minor": amount_minor,
            "currency": payment.currency,
            "reason": asked.reason,
            "restock": asked.restock,
            "key": key,
            "actor": actor_id,
        },
    )
    return refund_of(found.mappings().one())


async def find_by_key(connection: AsyncConnection, key: str) -> RefundSeen | None:
    """Return the refund that an idempotency key made."""
    found = await connection.execute(
        text(f"SELECT {COLUMNS} FROM refunds WHERE idempotency_key = :key"),
        {"key": key},
    )
    row = found.mappings().one_or_none()
    return None if row is None else refund_of(row)


async def lock_refund(connection: AsyncConnection, refund_id: UUID) -> RefundSeen | None:
    """Lock a refund."""
    found = await connection.execute(
        text(f"SELECT {COLUMNS} FROM refunds WHERE id = :id FOR UPDATE"),
        {"id": refund_id},
    )
    row = found.mappings().one_or_none()
    return None if row is None else refund_of(row)


async def make_due(connection: AsyncConnection, refund_id: UUID) -> None:
    """Let a refund that waits for its next attempt be sent now."""
    await connection.execute(
        text("UPDATE refunds SET next_attempt_at = now() WHERE id = :id AND status = 'requested'"),
        {"id": refund_id},
    )


def refund_of(row: Any) -> RefundSeen:
    """Return the refund of a row with `COLUMNS`."""
    return RefundSeen(**{name: row[name] for name in RefundSeen.__struct_fields__})
