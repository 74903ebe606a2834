"""What a client sees of an order."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class ProductSeen(Struct, frozen=True):
    """The product of a line as it is now; ``image``: the URL of its first image."""

    name: str
    sku: str | None
    image: str | None


class LineSeen(Struct, frozen=True, omit_defaults=True):
    """One line of an order; ``product`` in the detail, unless Postgres is away."""

    product_id: int
    quantity: int
    unit_price_minor: int
    product: ProductSeen | None = None


class OrderSeen(Struct, frozen=True):
    """An order in a listing. ``seq`` is the journal position it was read at."""

    id: str
    sale_id: int
    user_id: int
    status: str
    lines: list[LineSeen]
    total_minor: int
    refunded_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    updated_at: datetime | None
    failed_reason: str | None
    seq: int


class OrderDetail(Struct, frozen=True):
    """An order with its products, payments and refunds."""

    id: str
    sale_id: int
    user_id: int
    status: str
    lines: list[LineSeen]
    total_minor: int
    refunded_minor: int
    currency: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    updated_at: datetime | None
    failed_reason: str | None
    payments: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
