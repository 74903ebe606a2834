"""What a subject gives the process: its routes, its background work, its part of the document."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar.types import ControllerRouterHandler
from msgspec import Struct


class Subject(Struct, frozen=True, kw_only=True):
    """routes: handlers, routers and controllers of Litestar. background: entered in order when the
    process starts, left in reverse before the pools close. openapi: path items merged into the
    document, for operations that Litestar does not know of (raw ASGI handlers). raw: (method,
    path) that a client asks for -> path of the `@asgi` route that answers it, because such a route
    takes every method of its path; these are counted and logged by their subject alone.
    """

    routes: Sequence[ControllerRouterHandler] = ()
    background: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = ()
    openapi: Mapping[str, Mapping[str, Any]] = {}
    raw: Mapping[tuple[str, str], str] = {}
