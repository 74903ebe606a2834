"""Payments, refunds, disputes, and the inbox of provider webhooks. No card data anywhere."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base, BigId, Timestamped
from migrations.checks import currency_code, listed, one_of
from migrations.states import (
    OPEN_PAYMENTS,
    PAYING_VERDICTS,
    PAYMENT_TRANSITIONS,
    PROVIDERS,
    REFUND_CAUSES,
    REFUND_TRANSITIONS,
    VERDICTS,
    WEBHOOK_STATES,
)


class Payment(Timestamped, Base):
    """One attempt to pay an order in full. The verdict is given once and is final."""

    __tablename__ = "payments"
    __table_args__ = (
        one_of("provider", PROVIDERS),
        one_of("status", PAYMENT_TRANSITIONS),
        one_of("verdict", VERDICTS),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        currency_code(),
        UniqueConstraint("provider", "provider_ref"),
        Index(None, "order_id"),
        Index(None, "status", "created_at"),
        Index(
            "uq_payments_open_order",
            "order_id",
            unique=True,
            postgresql_where=text(f"status IN ({listed(OPEN_PAYMENTS)})"),
        ),
        Index(
            "uq_payments_paying_order",
            "order_id",
            unique=True,
            postgresql_where=text(f"verdict IN ({listed(PAYING_VERDICTS)})"),
        ),
    )
    shown = ("order_id", "provider", "status", "verdict")

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    provider: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    amount_minor: Mapped[int]
    currency: Mapped[str]
    provider_ref: Mapped[str | None]
    client_secret: Mapped[str | None]
    redirect_url: Mapped[str | None]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    provider_response: Mapped[dict[str, Any] | None]
    verdict: Mapped[str | None]
    verdict_reason: Mapped[str | None]
    failure_reason: Mapped[str | None]
    succeeded_at: Mapped[datetime | None]


class Refund(Base):
    """Money going back. The engine itself refunds a payment at most once (cause not admin)."""

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("cause", REFUND_CAUSES),
        one_of("status", REFUND_TRANSITIONS),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("attempts >= 0", name="attempts"),
        currency_code(),
        Index(None, "payment_id"),
        Index(None, "order_id"),
        Index(None, "status", "next_attempt_at"),
        Index(
            "uq_refunds_automatic",
            "payment_id",
            unique=True,
            postgresql_where=text("cause <> 'admin'"),
        ),
    )
    shown = ("payment_id", "status", "cause")

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str]
    cause: Mapped[str]
    reason: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="requested")
    restock: Mapped[bool] = mapped_column(server_default=false())
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    provider_ref: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Dispute(Base):
    """A captured payment the buyer's bank contests. `status` is the provider's own word."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        Index(None, "payment_id"),
    )
    shown = ("payment_id", "status")

    id: Mapped[BigId]
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"))
    provider_ref: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    reason: Mapped[str | None]
    amount_minor: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    closed_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """A correctly signed webhook, once per provider and event, kept as it came less secrets.

    `payment_id` has no foreign key: what a provider says about an unknown payment is kept too.
    """

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        one_of("provider", PROVIDERS),
        one_of("state", WEBHOOK_STATES),
        CheckConstraint("attempts >= 0", name="attempts"),
        UniqueConstraint("provider", "event_id"),
        Index(None, "state", "received_at"),
    )
    shown = ("provider", "event_id", "type", "state")

    id: Mapped[BigId]
    provider: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    payment_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(server_default="received")
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    handled_at: Mapped[datetime | None]
