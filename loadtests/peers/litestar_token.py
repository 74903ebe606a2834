"""The framework's empty JSON endpoint behind a token that PyJWT verifies."""

import os

import jwt
from litestar import Litestar, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Empty

from loadtests.peers.litestar_empty import Placed, PlaceOrder

_DECODE = jwt.PyJWT({"require": ["exp", "sub"]}).decode
_SECRET_KEY = os.environ["SECRET_KEY"]


async def verify_token(
    connection: ASGIConnection[BaseRouteHandler, Empty, Empty, Empty], _: BaseRouteHandler
) -> None:
    """An async guard: a sync one would cost a thread hop."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    try:
        if scheme != "Bearer":
            raise NotAuthorizedException
        _DECODE(token, _SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise NotAuthorizedException from None


@post("/orders", guards=[verify_token])
async def place_order(data: PlaceOrder) -> Placed:
    """Decode, answer."""
    return Placed(ok=data.quantity > 0)


app = Litestar([place_order], openapi_config=None, logging_config=None)
