"""The routes of orders, besides the one that makes them (see ``gateway.purchase``)."""

import uuid
from typing import Any, Literal

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery

from gateway.accounts import guards
from gateway.openapi import BEARER
from gateway.orders import settled
from gateway.orders.cancel import cancel_order, own_order
from gateway.orders.listing import list_own
from gateway.orders.shapes import OrderDetail, OrderSeen
from gateway.paging import Page, PageNumber, PageSize
from gateway.process import Process
from gateway.subject import Subject

Status = Literal["PENDING", "PAID", "FAILED", "CANCELLED", "EXPIRED", "REFUNDED"]


def orders(process: Process) -> Subject:
    """History, detail, cancelling; the admin's listing."""

    @get("/orders", guards=[guards.signed_in], security=BEARER, tags=["orders"])
    async def list_orders(
        request: Request[Any, Any, Any],
        status: FromQuery[Status | None] = None,
        page: PageNumber = 1,
        limit: PageSize = 20,
    ) -> Page[OrderSeen]:
        """The caller's own orders, newest first; right at once after each 201."""
        return await list_own(process, request.user.id, status, page, limit)

    @get("/orders/{order_id:uuid}", guards=[guards.signed_in], security=BEARER, tags=["orders"])
    async def show_order(
        request: Request[Any, Any, Any], order_id: FromPath[uuid.UUID]
    ) -> OrderDetail:
        """One of the caller's own orders, with products, payments and refunds."""
        return await own_order(process, request.user.id, str(order_id))

    @post(
        "/orders/{order_id:uuid}/cancel",
        guards=[guards.signed_in],
        security=BEARER,
        tags=["orders"],
        status_code=200,
    )
    async def cancel(request: Request[Any, Any, Any], order_id: FromPath[uuid.UUID]) -> OrderDetail:
        """Cancel an unpaid order; its units go back on sale."""
        return await cancel_order(process, request.user.id, str(order_id))

    @get("/admin/orders", guards=[guards.admin], security=BEARER, tags=["admin"])
    async def list_all(
        status: FromQuery[Status | None] = None,
        sale_id: FromQuery[int | None] = None,
        user_id: FromQuery[int | None] = None,
        page: PageNumber = 1,
        limit: PageSize = 20,
    ) -> Page[OrderSeen]:
        """Settled orders of all buyers, newest first."""
        wanted = settled.Wanted(user_id=user_id, status=status, sale_id=sale_id)
        async with process.reads.connect() as connection:
            total = await settled.count_orders(connection, wanted)
            found = await settled.read_orders(connection, wanted, (page - 1) * limit, limit)
        return Page(found, page, limit, total)

    return Subject(routes=[list_orders, show_order, cancel, list_all])
