"""Sales, what they were given, how it stands in each lane, and units on the move."""

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base, BigId, Timestamped
from migrations.checks import currency_code, one_of
from migrations.states import MOVE_KINDS, MOVE_STATES, SALE_TRANSITIONS


class Sale(Timestamped, Base):
    """An event with a window. Scheduled, live and paused are `open` seen with the clock."""

    __tablename__ = "sales"
    __table_args__ = (
        one_of("state", SALE_TRANSITIONS),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("hold_ttl_s BETWEEN 1 AND 86400", name="hold_ttl_s"),
        CheckConstraint("lanes >= 1", name="lanes"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", name="name"),
        currency_code(),
        Index(None, "state", "starts_at"),
    )
    shown = ("state", "paused")

    id: Mapped[BigId]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    paused: Mapped[bool] = mapped_column(server_default=false())
    starts_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ends_at: Mapped[datetime | None]
    hold_ttl_s: Mapped[int] = mapped_column(Integer, server_default=text("300"))
    currency: Mapped[str] = mapped_column(server_default="USD")
    lanes: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class SaleItem(Base):
    """A product in a sale. `units` as first given; `open` while the sale holds its units."""

    __tablename__ = "sale_items"
    __table_args__ = (
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("price_minor > 0 AND price_minor <= 1000000000", name="price_minor"),
        CheckConstraint("original_price_minor > 0", name="original_price_minor"),
        CheckConstraint("max_per_user >= 1", name="max_per_user"),
        Index(None, "product_id"),
        Index(
            "uq_sale_items_open_product",
            "product_id",
            unique=True,
            postgresql_where=text("open"),
        ),
    )
    shown = ("units", "open")

    sale_id: Mapped[int] = mapped_column(ForeignKey("sales.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    units: Mapped[int]
    price_minor: Mapped[int]
    original_price_minor: Mapped[int | None]
    max_per_user: Mapped[int | None] = mapped_column(Integer)
    open: Mapped[bool] = mapped_column(server_default=false())


class LaneItem(Base):
    """An item's ledger in one lane, as far as the journal is settled.

    `units = available + held + sold` always; `returned`: cumulative units that went back to the
    product. Updated by every batch, so half of each page is kept free for in-page updates.
    """

    __tablename__ = "lane_items"
    __table_args__ = (
        CheckConstraint("units = available + held + sold", name="ledger"),
        CheckConstraint(
            "units >= 0 AND available >= 0 AND held >= 0 AND sold >= 0 AND returned >= 0",
            name="not_negative",
        ),
        ForeignKeyConstraint(
            ["sale_id", "product_id"], ["sale_items.sale_id", "sale_items.product_id"]
        ),
        {"postgresql_with": {"fillfactor": "50"}},
    )
    shown = ("units", "available", "held", "sold")

    sale_id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(Integer, primary_key=True)
    product_id: Mapped[int] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(server_default=text("0"))
    available: Mapped[int] = mapped_column(server_default=text("0"))
    held: Mapped[int] = mapped_column(server_default=text("0"))
    sold: Mapped[int] = mapped_column(server_default=text("0"))
    returned: Mapped[int] = mapped_column(server_default=text("0"))


class StockMove(Base):
    """The intent to move units between a product and a sale; done or undone, even after a crash.

    A key is used once per sale. A refund restocks each product at most once.
    """

    __tablename__ = "stock_moves"
    __table_args__ = (
        one_of("kind", MOVE_KINDS),
        one_of("state", MOVE_STATES),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("(state = 'intended') = (finished_at IS NULL)", name="finished_at"),
        ForeignKeyConstraint(
            ["sale_id", "product_id"], ["sale_items.sale_id", "sale_items.product_id"]
        ),
        UniqueConstraint("sale_id", "idempotency_key"),
        Index(None, "sale_id", "product_id"),
        Index(
            "ix_stock_moves_intended",
            "created_at",
            postgresql_where=text("state = 'intended'"),
        ),
        Index(
            "uq_stock_moves_refund",
            "refund_id",
            "product_id",
            unique=True,
            postgresql_where=text("refund_id IS NOT NULL AND state <> 'undone'"),
        ),
    )
    shown = ("kind", "state", "units")

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sale_id: Mapped[int]
    product_id: Mapped[int]
    lane: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    units: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="intended")
    idempotency_key: Mapped[str | None]
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refunds.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
