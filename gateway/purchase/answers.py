"""The bytes of every answer of `POST /orders`."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, assert_never

import msgspec
from msgspec import Struct

from gateway.problems import Answer, Refused, ready
from lua import reserve
from lua.outcomes import Closed, NotInSale


class PlacedLine(Struct, frozen=True, gc=False):
    """One product of an order, at the price of that moment."""

    product_id: int
    quantity: int
    unit_price_minor: int


class PlacedOrder(Struct, frozen=True, gc=False):
    """The body of a 201."""

    id: str
    sale_id: int
    status: str
    lines: list[PlacedLine]
    total_minor: int
    currency: str
    created_at: str
    expires_at: str


_encode: Final = msgspec.json.Encoder().encode
_lines: Final = msgspec.json.Decoder(list[tuple[int, int, int]]).decode
_JSON: Final = (b"content-type", b"application/json")
_REPLAYED: Final = (b"idempotent-replayed", b"true")

SOLD_OUT: Final = ready(Refused("sold_out"))
RECOVERING: Final = ready(Refused("recovering"))
OVERLOADED: Final = ready(Refused("overloaded"))
UNAUTHENTICATED: Final = ready(Refused("unauthenticated"))


def placed(sale_id: int, order: str, made: reserve.Held | reserve.Replayed) -> Answer:
    """The 201 of an order, new or replayed."""
    body = _encode(
        PlacedOrder(
            order,
            sale_id,
            "PENDING",
            [PlacedLine(*line) for line in _lines(made.lines)],
            made.total_minor,
            made.currency,
            timestamp(made.created_ms),
            timestamp(made.deadline_ms),
        )
    )
    headers: tuple[tuple[bytes, bytes], ...] = (
        _JSON,
        (b"content-length", b"%d" % len(body)),
        (b"location", b"/orders/" + order.encode()),
    )
    if isinstance(made, reserve.Replayed):
        headers += (_REPLAYED,)
    return Answer(201, headers, body)


def refused(outcome: Any) -> Answer:
    """The problem that stands for an outcome without an order."""
    refusal: reserve.Outcome = outcome
    match refusal:
        case reserve.SoldOut():
            return SOLD_OUT
        case Closed():
            return RECOVERING
        case reserve.Overloaded():
            return OVERLOADED
        case reserve.LimitReached(product=product, limit=limit):
            return ready(Refused("limit_reached", product_id=product, limit=limit))
        case reserve.RateLimited(retry_ms=retry_ms):
            return ready(Refused("rate_limited", retry_after_s=-(-retry_ms // 1000)))
        case reserve.NotOpen(state=state, starts_ms=starts_ms):
            opens_at = timestamp(starts_ms) if state == "scheduled" else None
            return ready(Refused("sale_not_open", f"The sale is {state}.", opens_at=opens_at))
        case NotInSale(product=product):
            return ready(Refused("not_on_sale", product_id=product))
        case reserve.KeyReused():
            return ready(Refused("idempotency_key_reused"))
        case reserve.ClockSkewed():
            return ready(Refused("unavailable", "A clock of the engine is wrong."))
        case reserve.Held() | reserve.Replayed():
            raise TypeError("an order was made: see `placed`")
        case _:
            assert_never(refusal)


def timestamp(at_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
