"""How a product is shown, and the limits of what it may be."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

PRICE_MAX_MINOR: Final = 1_000_000_000
STOCK_MAX: Final = 1_000_000

Name = Annotated[str, Meta(min_length=3, max_length=255, pattern=r"^\S(.*\S)?$")]
"""No space at either end."""
Sku = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
Description = Annotated[str, Meta(max_length=10_000)]
PriceMinor = Annotated[int, Meta(ge=1, le=PRICE_MAX_MINOR)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Stock = Annotated[int, Meta(ge=0, le=STOCK_MAX)]
UserLimit = Annotated[int, Meta(ge=1, le=1_000_000)]


class Image(Struct, frozen=True):
    """A picture kept elsewhere."""

    id: int
    image_url: str
    alt_text: str | None
    position: int
    is_primary: bool
    kind: str


class Product(Struct, frozen=True):
    """A product. stock: units on hand given to no sale. reserved_stock: units in open sales that
    are not sold yet, as far as the journal is settled."""

    id: int
    sku: str | None
    name: str
    description: str | None
    price_minor: int
    original_price_minor: int | None
    currency: str
    stock: int
    reserved_stock: int
    max_per_user: int | None
    is_active: bool
    version: int
    images: list[Image]
    created_at: datetime
    updated_at: datetime
