"""Orders as settled from the journal. Valkey decides; these rows are what it decided."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base
from migrations.checks import currency_code, one_of
from migrations.states import HOLD_STATES, ORDER_TRANSITIONS


class Order(Base):
    """What a buyer got. PENDING has a hold state; `seq` is the last entry that touched it.

    (sale_id, user_id, idempotency_key) is an index and not UNIQUE: exactly-once rests on the id,
    and a constraint here could refuse an event that truly happened. A law watches it instead.
    `payment_id` has no foreign key for the same reason.
    """

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", ORDER_TRANSITIONS),
        one_of("hold_state", HOLD_STATES),
        CheckConstraint("(hold_state IS NOT NULL) = (status = 'PENDING')", name="hold_is_pending"),
        CheckConstraint("total_minor > 0", name="total_minor"),
        CheckConstraint("refunded_minor BETWEEN 0 AND total_minor", name="refunded_minor"),
        CheckConstraint("lane >= 0", name="lane"),
        currency_code(),
        Index("ix_orders_user_id_created_at", "user_id", text("created_at DESC")),
        Index(None, "status", "created_at"),
        Index(None, "sale_id", "user_id", "idempotency_key"),
    )
    shown = ("status", "hold_state", "seq")

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sale_id: Mapped[int] = mapped_column(ForeignKey("sales.id"))
    lane: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str]
    hold_state: Mapped[str | None]
    total_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[str]
    idempotency_key: Mapped[str | None]
    fingerprint: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    failed_reason: Mapped[str | None]
    payment_id: Mapped[uuid.UUID | None]
    seq: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class OrderLine(Base):
    """One product of an order at the price of that moment. `line`: its place in the request."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 10", name="quantity"),
        CheckConstraint("unit_price_minor > 0", name="unit_price_minor"),
        CheckConstraint("line >= 0", name="line"),
        Index(None, "product_id"),
    )
    shown = ("line", "quantity")

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger)
    quantity: Mapped[int] = mapped_column(SmallInteger)
    unit_price_minor: Mapped[int]
