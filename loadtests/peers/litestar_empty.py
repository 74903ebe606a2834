"""The framework's own empty JSON endpoint: a typed body in, a small body out, nothing between."""

from litestar import Litestar, post
from msgspec import Struct


class PlaceOrder(Struct):
    """What a purchase sends."""

    product_id: int
    quantity: int


class Placed(Struct):
    """The least that could be answered."""

    ok: bool


@post("/orders")
async def place_order(data: PlaceOrder) -> Placed:
    """Decode, answer."""
    return Placed(ok=data.quantity > 0)


# Without document, logging and anything else that can be left out: as fast as it gets.
app = Litestar([place_order], openapi_config=None, logging_config=None)
