"""One payment as it is now: Postgres, and the store where Postgres may be a moment behind."""

from uuid import UUID

from gateway.payments.shapes import PaymentSeen
from gateway.problems import Refused
from gateway.process import Process
from lua import keys
from lua.hold import read_hold
from lua.order_ids import sale_and_lane
from lua.store import StoreUnreachable
from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Connection
from settlement.money.payment_rows import Payment

OPEN = frozenset({"PENDING", "PROCESSING"})


async def read_payment(process: Process, payment_id: UUID, *, owner: int | None) -> PaymentSeen:
    """Return a payment; ``owner`` None is an admin. Raises Refused (not_found)."""
    async with raw_connection(process.database) as connection:
        payment = await payment_rows.read_payment(connection, str(payment_id))
        if payment is None or owner not in {None, await _owner(connection, payment)}:
            raise Refused("not_found", "There is no such payment.")
    return seen(payment, paid=await _is_paid(process, payment))


def seen(payment: Payment, *, paid: bool = False) -> PaymentSeen:
    """Return what its buyer sees of a payment; ``paid``: it paid its order already."""
    status = "SUCCEEDED" if paid and payment.status in OPEN else payment.status
    payable = status == "PENDING"
    return PaymentSeen(
        id=UUID(payment.id),
        order_id=UUID(payment.order_id),
        provider=payment.provider,
        status=status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        provider_ref=payment.provider_ref,
        created_at=payment.created_at,
        updated_at=payment.updated_at,
        client_secret=payment.client_secret if payable else None,
        redirect_url=payment.redirect_url if payable else None,
        failure_reason=payment.failure_reason,
        succeeded_at=payment.succeeded_at,
    )


async def _owner(connection: Connection, payment: Payment) -> int:
    found = await connection.fetchval("SELECT user_id FROM orders WHERE id = $1", payment.order_id)
    return int(found)


async def _is_paid(process: Process, payment: Payment) -> bool:
    """Whether the store knows already that this payment paid its order."""
    where = sale_and_lane(payment.order_id)
    if payment.status not in OPEN or where is None:
        return False
    try:
        hold = await read_hold(process.store, keys.lane_base(*where), payment.order_id)
    except StoreUnreachable:
        return False
    return hold is not None and hold.state == "PAID" and hold.payment == payment.id
