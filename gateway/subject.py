"""What a subject gives the process: its routes, its background work, its part of the document."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar.types import ASGIApp, ControllerRouterHandler
from msgspec import Struct


class Subject(Struct, frozen=True, kw_only=True):
    """routes: handlers, routers and controllers of Litestar. background: entered in order when the
    process starts, left in reverse before the pools close. raw: (method, path) -> ASGI handlers
    that answer it without Litestar; they find
    ``scope["headers_by_name"]``, send ``scope["added_headers"]`` with their own, turn
    whatever is raised into a problem, and count and log for themselves. openapi: path items merged
    into the document, for the raw handlers.
    """

    routes: Sequence[ControllerRouterHandler] = ()
    background: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = ()
    openapi: Mapping[str, Mapping[str, Any]] = {}
    raw: Mapping[tuple[str, str], ASGIApp] = {}
