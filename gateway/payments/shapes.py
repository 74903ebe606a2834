"""What clients see of payments, refunds and webhooks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from migrations.states import (
    PaymentStatus,
    Provider,
    RefundCause,
    RefundStatus,
    Verdict,
    WebhookState,
)


class NewPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """How the buyer wants to pay."""

    provider: Provider


class PaymentSeen(Struct, frozen=True, omit_defaults=True):
    """A payment as its buyer sees it. ``client_secret`` and ``redirect_url``, whichever the
    provider has, are there while it can be paid."""

    id: UUID
    order_id: UUID
    provider: str
    status: str
    amount_minor: int
    currency: str
    provider_ref: str | None
    created_at: datetime
    updated_at: datetime
    client_secret: str | None = None
    redirect_url: str | None = None
    failure_reason: str | None = None
    succeeded_at: datetime | None = None


class NewRefund(Struct, frozen=True, forbid_unknown_fields=True):
    """What to give back. ``amount_minor``: all that is left of the payment, by default;
    ``restock``: put the units on sale again, for a full refund; ``payment_id``: of which payment,
    by default the one that paid the order."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**15)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    restock: bool = False
    payment_id: UUID | None = None


class RefundSeen(Struct, frozen=True):
    """A refund."""

    id: UUID
    order_id: UUID
    payment_id: UUID
    status: RefundStatus
    amount_minor: int
    currency: str
    cause: RefundCause
    reason: str | None
    restock: bool
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None
    provider_ref: str | None
    created_at: datetime
    finished_at: datetime | None


class PaymentRow(Struct, frozen=True):
    """A payment as an admin sees it."""

    id: UUID
    order_id: UUID
    provider: Provider
    status: PaymentStatus
    amount_minor: int
    currency: str
    provider_ref: str | None
    verdict: Verdict | None
    verdict_reason: str | None
    failure_reason: str | None
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None


class WebhookRow(Struct, frozen=True):
    """A webhook that was kept, less card and personal data."""

    id: int
    provider: Provider
    event_id: str
    type: str
    state: WebhookState
    payment_id: UUID | None
    attempts: int
    last_error: str | None
    received_at: datetime
    handled_at: datetime | None
    payload: dict[str, Any]


class Resent(Struct, frozen=True):
    """What came of a webhook that was handled once more."""

    id: int
    state: WebhookState
    outcome: str
