"""How a sale is shown, and the word for its state."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from migrations.states import SaleState

StateWord: TypeAlias = Literal["draft", "scheduled", "live", "paused", "closing", "closed"]


class SaleItem(Struct, frozen=True):
    """A product in a sale; ``units = available + held + sold``."""

    product_id: int
    name: str
    price_minor: int
    original_price_minor: int | None
    currency: str
    max_per_user: int | None
    units: int
    available: int
    held: int
    sold: int


class Sale(Struct, frozen=True):
    """A sale with its numbers as of ``server_time`` and ``position``, the journal's; "" for one
    that the store does not have."""

    id: int
    name: str
    state: StateWord
    starts_at: datetime
    ends_at: datetime | None
    server_time: datetime
    position: str
    hold_ttl_s: int
    currency: str
    items: list[SaleItem]


class SaleTerms(Struct, frozen=True):
    """What a product's page says of the sale it is in."""

    id: int
    name: str
    state: StateWord
    starts_at: datetime
    ends_at: datetime | None
    server_time: datetime
    price_minor: int
    original_price_minor: int | None
    max_per_user: int | None


def state_word(
    state: SaleState,
    *,
    paused: bool,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
) -> StateWord:
    """The word for a sale at ``now``. One whose window is over takes no orders: it is closing."""
    if state != "open":
        return state
    if ends_at is not None and now >= ends_at:
        return "closing"
    if paused:
        return "paused"
    return "scheduled" if now < starts_at else "live"
