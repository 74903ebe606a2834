"""What the simulated provider says, as types, and what the engine makes of it.

The same shapes come as answers of its API and inside its webhooks.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from settlement.providers import protocol
from settlement.providers.errors import UnreadableEvent


class Metadata(Struct, frozen=True):
    """Our ids, given back as we gave them."""

    payment_id: str | None = None
    order_id: str | None = None
    refund_id: str | None = None


class Payment(Struct, frozen=True):
    """A payment as the simulator tells of it."""

    id: str
    state: Literal["open", "processing", "succeeded", "failed", "cancelled"]
    amount_minor: int
    currency: str
    captured_minor: int = 0
    refunded_minor: int = 0
    failure: str | None = None
    redirect_url: str | None = None
    metadata: Metadata = Metadata()


class Refund(Struct, frozen=True):
    """A refund as the simulator tells of it."""

    id: str
    payment: str
    state: Literal["pending", "succeeded", "failed"]
    amount_minor: int
    currency: str
    failure: str | None = None
    metadata: Metadata = Metadata()


class Dispute(Struct, frozen=True):
    """A dispute as the simulator tells of it."""

    id: str
    payment: str
    status: Literal["open", "won", "lost"]
    amount_minor: int
    reason: str | None = None


class Problem(Struct, frozen=True):
    """Why the simulator says no."""

    code: str
    detail: str = ""


class Page(Struct, frozen=True):
    """A page of payments; ``next`` goes on, None at the end."""

    items: list[Payment]
    next: str | None = None


def payment_report(payment: Payment) -> protocol.PaymentReport:
    """Return what a payment of the simulator means to us."""
    state: protocol.PaymentState
    match payment.state:
        case "open":
            state = protocol.Open()
        case "processing":
            state = protocol.Processing()
        case "succeeded":
            state = protocol.Captured(payment.captured_minor, payment.currency)
        case "failed":
            state = protocol.Failed(payment.failure or "declined")
        case "cancelled":
            state = protocol.Cancelled()
    ours = payment.metadata
    return protocol.PaymentReport(payment.id, ours.payment_id, ours.order_id, state)


def refund_report(refund: Refund) -> protocol.RefundReport:
    """Return what a refund of the simulator means to us."""
    state: protocol.RefundState
    match refund.state:
        case "pending":
            state = protocol.RefundPending()
        case "succeeded":
            state = protocol.RefundSucceeded()
        case "failed":
            state = protocol.RefundFailed(refund.failure or "failed")
    return protocol.RefundReport(refund.id, refund.metadata.refund_id, state)


def dispute_report(dispute: Dispute) -> protocol.DisputeReport:
    """Return what a dispute of the simulator means to us."""
    return protocol.DisputeReport(
        ref=dispute.id,
        payment_ref=dispute.payment,
        status=dispute.status,
        reason=dispute.reason,
        amount_minor=dispute.amount_minor,
        closed=dispute.status != "open",
        won=dispute.status == "won",
    )


def read_report(payload: Mapping[str, Any]) -> protocol.Report | None:
    """Read an event's payload; None for a type that does not concern us.

    Raises UnreadableEvent.
    """
    kind = str(payload.get("type", "")).partition(".")[0]
    try:
        if kind == "payment":
            return payment_report(msgspec.convert(payload.get("data"), Payment))
        if kind == "refund":
            return refund_report(msgspec.convert(payload.get("data"), Refund))
        if kind == "dispute":
            return dispute_report(msgspec.convert(payload.get("data"), Dispute))
    except msgspec.ValidationError as misfit:
        raise UnreadableEvent(str(misfit)) from misfit
    return None
