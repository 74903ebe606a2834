"""What buyers ask about payments."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from gateway.accounts import guards
from gateway.openapi import BEARER
from gateway.payments.open_payment import open_payment
from gateway.payments.read_payment import read_payment
from gateway.payments.shapes import NewPayment, PaymentSeen
from gateway.process import Process

Asked = Request[guards.CurrentUser, Any, Any]


def buyer_routes(process: Process) -> list[Any]:
    """Starting a payment, looking at it."""

    @post(
        "/orders/{order_id:uuid}/payments",
        guards=[guards.signed_in],
        security=BEARER,
        tags=["payments"],
    )
    async def pay(
        request: Asked, order_id: FromPath[UUID], data: JSONBody[NewPayment]
    ) -> Response[PaymentSeen]:
        """Start to pay an order: follow `redirect_url`, or use `client_secret` with the provider's
        own client. Asked again, the open payment is returned; with another provider, it is ended
        first."""
        opened = await open_payment(process, request.user.id, order_id, data.provider)
        return Response(
            opened,
            status_code=201,
            headers={"Location": f"/payments/{opened.id}", "Cache-Control": "no-store"},
        )

    @get(
        "/payments/{payment_id:uuid}",
        guards=[guards.signed_in],
        security=BEARER,
        tags=["payments"],
    )
    async def show(request: Asked, payment_id: FromPath[UUID]) -> Response[PaymentSeen]:
        """A payment of one of the caller's own orders; an admin sees all."""
        owner: int | None = request.user.id
        if request.user.role == "admin":
            await guards.require_admin(request)
            owner = None
        found = await read_payment(process, payment_id, owner=owner)
        return Response(found, headers={"Cache-Control": "no-store"})

    return [pay, show]
