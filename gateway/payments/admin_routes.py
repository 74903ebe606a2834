"""What admins ask about payments, refunds and webhooks, and how they repair them."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from gateway.accounts import guards
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import Page, PageNumber, PageSize
from gateway.payments.ask_refund import ask_refund, retry_refund
from gateway.payments.listings import read_page
from gateway.payments.paying import PROVIDER_AWAY
from gateway.payments.read_payment import read_payment
from gateway.payments.shapes import (
    NewRefund,
    PaymentRow,
    PaymentSeen,
    RefundSeen,
    Resent,
    WebhookRow,
)
from gateway.problems import Refused
from gateway.process import Process
from migrations.states import (
    PaymentStatus,
    Provider,
    RefundCause,
    RefundStatus,
    Verdict,
    WebhookState,
)
from settlement.money.inbox import handle_again
from settlement.money.probe_payment import probe_payment
from settlement.money.take_reports import Taken, Waits
from settlement.providers.errors import ProviderError

Asked = Request[guards.CurrentUser, Any, Any]
State = Annotated[WebhookState | None, QueryParameter(name="state")]
"""Litestar keeps the plain name to itself."""

KEY_MAX = 255


def admin_routes(process: Process) -> list[Any]:
    """Refunds, repair, listings."""
    return [*_refund_routes(process), *_repair_routes(process), *_listing_routes(process)]


def _refund_routes(process: Process) -> list[Any]:
    @post(
        "/orders/{order_id:uuid}/refunds",
        guards=[guards.admin],
        security=BEARER,
        tags=["payments"],
        status_code=202,
    )
    async def refund(
        request: Asked, order_id: FromPath[UUID], data: JSONBody[NewRefund]
    ) -> RefundSeen:
        """Give money back, all that is left or a part; `restock` puts the units on sale again.
        An `Idempotency-Key` makes asking again safe."""
        key = request.headers.get("idempotency-key")
        if key is not None and not (
            0 < len(key) <= KEY_MAX and key.isascii() and key.isprintable()
        ):
            raise Refused("invalid_request", "Idempotency-Key: 1..255 printable ASCII characters")
        request_id = str(request.scope.get("request_id", ""))
        return await ask_refund(
            process, request.user.id, order_id, data, key=key, request_id=request_id
        )

    @post(
        ["/admin/refunds/{refund_id:uuid}/retry", "/admin/refunds/{refund_id:uuid}/resend"],
        guards=[guards.admin],
        security=BEARER,
        tags=["admin"],
        status_code=202,
    )
    async def again(request: Asked, refund_id: FromPath[UUID]) -> RefundSeen:
        """Send a refund that waits now; ask once more for one that failed."""
        request_id = str(request.scope.get("request_id", ""))
        return await retry_refund(process, request.user.id, refund_id, request_id)

    return [refund, again]


def _repair_routes(process: Process) -> list[Any]:
    @post(
        ["/payments/{payment_id:uuid}/verify", "/admin/payments/{payment_id:uuid}/retry"],
        guards=[guards.admin],
        security=BEARER,
        tags=["payments"],
        status_code=200,
    )
    async def verify(request: Asked, payment_id: FromPath[UUID]) -> PaymentSeen:
        """Ask the provider now how a payment stands, and act on it."""
        try:
            result = await probe_payment(process.payments.money, str(payment_id))
        except ProviderError as failed:
            raise Refused("unavailable", PROVIDER_AWAY) from failed
        if result is None:
            raise Refused("not_found", "There is no such payment.")
        if isinstance(result, Waits):
            raise Refused("recovering", result.reason)
        outcome = result.outcome if isinstance(result, Taken) else result.reason
        await _note(process, request, "payment.verify", "payment", payment_id, outcome)
        return await read_payment(process, payment_id, owner=None)

    @post(
        ["/admin/webhooks/{webhook_id:int}/resend", "/admin/webhooks/{webhook_id:int}/retry"],
        guards=[guards.admin],
        security=BEARER,
        tags=["admin"],
        status_code=200,
    )
    async def resend(request: Asked, webhook_id: FromPath[int]) -> Resent:
        """Handle a kept webhook once more; that is safe whatever came of it before."""
        verdict = await handle_again(process.payments.money, webhook_id)
        if verdict is None:
            raise Refused("not_found", "There is no such webhook.")
        await _note(process, request, "webhook.resend", "webhook", webhook_id, verdict.outcome)
        return Resent(webhook_id, verdict.state, verdict.outcome)

    return [verify, resend]


def _listing_routes(process: Process) -> list[Any]:
    @get("/admin/payments", guards=[guards.admin], security=BEARER, tags=["admin"])
    async def payments(
        status: FromQuery[PaymentStatus | None] = None,
        provider: FromQuery[Provider | None] = None,
        verdict: FromQuery[Verdict | None] = None,
        order_id: FromQuery[UUID | None] = None,
        page: PageNumber = 1,
        limit: PageSize = 20,
    ) -> Page[PaymentRow]:
        """Payments of all buyers."""
        wanted = {"status": status, "provider": provider, "verdict": verdict, "order_id": order_id}
        async with process.reads.connect() as connection:
            return await read_page(connection, PaymentRow, wanted, page, limit)

    @get("/admin/refunds", guards=[guards.admin], security=BEARER, tags=["admin"])
    async def refunds(
        status: FromQuery[RefundStatus | None] = None,
        cause: FromQuery[RefundCause | None] = None,
        order_id: FromQuery[UUID | None] = None,
        payment_id: FromQuery[UUID | None] = None,
        page: PageNumber = 1,
        limit: PageSize = 20,
    ) -> Page[RefundSeen]:
        """Refunds, those of the engine and those that admins asked for."""
        wanted = {"status": status, "cause": cause, "order_id": order_id, "payment_id": payment_id}
        async with process.reads.connect() as connection:
            return await read_page(connection, RefundSeen, wanted, page, limit)

    @get("/admin/webhooks", guards=[guards.admin], security=BEARER, tags=["admin"])
    async def webhooks(
        webhook_state: State = None,
        provider: FromQuery[Provider | None] = None,
        payment_id: FromQuery[UUID | None] = None,
        event_id: FromQuery[str | None] = None,
        page: PageNumber = 1,
        limit: PageSize = 20,
    ) -> Page[WebhookRow]:
        """Webhooks as they came, less card and personal data."""
        wanted = {
            "state": webhook_state,
            "provider": provider,
            "payment_id": payment_id,
            "event_id": event_id,
        }
        async with process.reads.connect() as connection:
            return await read_page(connection, WebhookRow, wanted, page, limit)

    return [payments, refunds, webhooks]


async def _note(
    process: Process, request: Asked, action: str, subject: str, name: object, outcome: str
) -> None:
    async with process.database.begin() as connection:
        await audit.record(
            connection,
            actor_id=request.user.id,
            action=action,
            subject=subject,
            subject_id=str(name),
            after={"outcome": outcome},
            request_id=str(request.scope.get("request_id", "")),
        )
