"""An admin asks money back: never more than was captured, however many ask at once."""

from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.exceptions import invalid
from gateway.operations import audit
from gateway.payments import refund_rows
from gateway.payments.refund_rows import Captured
from gateway.payments.shapes import NewRefund, RefundSeen
from gateway.problems import FieldError, Refused
from gateway.process import Process
from settlement.jobs import names


async def ask_refund(
    process: Process,
    actor_id: int,
    order_id: UUID,
    asked: NewRefund,
    *,
    key: str | None,
    request_id: str,
) -> RefundSeen:
    """Write a refund down and queue it; the same idempotency key again returns the first.

    Raises Refused: not_found, refund_too_large (more than is left of what was captured),
    idempotency_key_reused, invalid_request (restock without a full refund).
    """
    refund_id = uuids.uuid7()
    unique = f"refund:{refund_id}" if key is None else f"refund:{order_id}:{key}"
    async with process.database.begin() as connection:
        if not await refund_rows.order_exists(connection, order_id):
            raise Refused("not_found", "There is no such order.")
        payment = await refund_rows.lock_captured(connection, order_id, asked.payment_id)
        known = await refund_rows.find_by_key(connection, unique)
        if known is not None:
            return _replayed(known, asked)
        if payment is None:
            raise Refused("refund_too_large", "Nothing was captured for this order.")
        made = await _insert(connection, refund_id, order_id, payment, asked, unique, actor_id)
        await audit.record(
            connection,
            actor_id=actor_id,
            action="refund.ask",
            subject="order",
            subject_id=str(order_id),
            after=made,
            request_id=request_id,
        )
    await process.payments.queue.enqueue(names.send_refund(str(refund_id)))
    return made


async def retry_refund(
    process: Process, actor_id: int, refund_id: UUID, request_id: str
) -> RefundSeen:
    """Send a refund that waits at once; one that failed for good is asked for once more.

    Raises Refused: not_found, refund_too_large (less than that is left to give back).
    """
    async with process.database.begin() as connection:
        refund = await refund_rows.lock_refund(connection, refund_id)
        if refund is None:
            raise Refused("not_found", "There is no such refund.")
        if refund.status == "failed":
            made = await _ask_again(connection, refund, actor_id)
        else:
            await refund_rows.make_due(connection, refund_id)
            made = refund
        await audit.record(
            connection,
            actor_id=actor_id,
            action="refund.retry",
            subject="refund",
            subject_id=str(refund_id),
            before=refund,
            after=made,
            request_id=request_id,
        )
    if made.status == "requested":
        await process.payments.queue.enqueue(names.send_refund(str(made.id)))
    return made


async def _ask_again(connection: AsyncConnection, failed: RefundSeen, actor_id: int) -> RefundSeen:
    payment = await refund_rows.lock_captured(connection, failed.order_id, failed.payment_id)
    if payment is None:
        raise Refused("refund_too_large", "Nothing was captured by this payment.")
    asked = NewRefund(failed.amount_minor, f"again: {failed.id}", failed.restock, failed.payment_id)
    refund_id = uuids.uuid7()
    return await _insert(
        connection, refund_id, failed.order_id, payment, asked, f"refund:{refund_id}", actor_id
    )


async def _insert(
    connection: AsyncConnection,
    refund_id: UUID,
    order_id: UUID,
    payment: Captured,
    asked: NewRefund,
    key: str,
    actor_id: int,
) -> RefundSeen:
    amount_minor = payment.left_minor if asked.amount_minor is None else asked.amount_minor
    if amount_minor < 1 or amount_minor > payment.left_minor:
        raise Refused(
            "refund_too_large", f"{payment.left_minor} is left of {payment.amount_minor} captured."
        )
    if asked.restock and (amount_minor != payment.left_minor or not payment.paid_order):
        raise invalid(FieldError("restock", "only with a full refund of what paid the order"))
    return await refund_rows.insert_refund(
        connection, refund_id, order_id, payment, amount_minor, asked, key, actor_id
    )


def _replayed(known: RefundSeen, asked: NewRefund) -> RefundSeen:
    same = asked.amount_minor in {None, known.amount_minor} and asked.restock == known.restock
    if not same or asked.payment_id not in {None, known.payment_id}:
        raise Refused("idempotency_key_reused")
    return known
