"""Every refusal of the API in one table, and how one is written (RFC 9457).

A refusal is named by its code. Routes raise `Refused`, or match an outcome and raise it; the raw
handlers send what `ready` makes. Nothing else in the gateway knows what a problem looks like.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar.types import Send
from msgspec import Struct

MEDIA_TYPE: Final = "application/problem+json"


class Kind(Struct, frozen=True):
    """One kind of refusal: its status, its title, and the detail when nobody knows better.

    ``retry_after_s``: when asking again makes sense, unless the refusal itself says so.
    """

    status: int
    title: str
    detail: str
    retry_after_s: int | None = None


KINDS: Final[Mapping[str, Kind]] = {
    "invalid_request": Kind(400, "Invalid request", "The request is not as documented."),
    "weak_password": Kind(400, "Weak password", "This password is too easy to guess."),
    "unauthenticated": Kind(401, "Not signed in", "A valid access token is required."),
    "invalid_credentials": Kind(401, "Wrong e-mail or password", "Wrong e-mail or password."),
    "invalid_signature": Kind(401, "Invalid signature", "The signature does not fit the body."),
    "forbidden": Kind(403, "Not allowed", "This needs another role."),
    "not_found": Kind(404, "Not found", "There is nothing here."),
    "method_not_allowed": Kind(405, "Method not allowed", "This path has other methods."),
    "request_timeout": Kind(408, "Too slow", "The body did not arrive in time."),
    "email_taken": Kind(409, "E-mail taken", "This e-mail is registered already."),
    "sku_taken": Kind(409, "SKU taken", "Another product has this SKU."),
    "version_conflict": Kind(409, "Version conflict", "It was changed in the meantime."),
    "product_inactive": Kind(409, "Product inactive", "The product is not active."),
    "product_on_sale": Kind(409, "Product on sale", "The product is in an open sale."),
    "insufficient_stock": Kind(409, "Not enough stock", "The product has fewer units on hand."),
    "units_in_use": Kind(409, "Units in use", "Fewer units are available than that."),
    "sale_state": Kind(409, "Wrong state", "The sale's state does not allow this."),
    "sold_out": Kind(409, "Sold out", "Fewer units are left than that."),
    "limit_reached": Kind(409, "Limit reached", "You have as many of these as one buyer may."),
    "sale_not_open": Kind(409, "Sale not open", "The sale takes no orders now."),
    "not_on_sale": Kind(409, "Not on sale", "The product is in no open sale."),
    "not_cancellable": Kind(409, "Not cancellable", "The order can no longer be cancelled."),
    "order_not_payable": Kind(409, "Not payable", "The order cannot be paid any more."),
    "refund_too_large": Kind(409, "Refund too large", "Less than that is left to give back."),
    "body_too_large": Kind(413, "Body too large", "The body is larger than allowed."),
    "unsupported_media_type": Kind(415, "Unsupported media type", "Send application/json."),
    "idempotency_key_reused": Kind(
        422, "Idempotency key reused", "This key came before with another body."
    ),
    "account_locked": Kind(423, "Account locked", "Too many failed attempts. Try later."),
    "rate_limited": Kind(429, "Too many requests", "Too many requests. Try later.", 1),
    "internal": Kind(500, "Internal error", "The error was recorded."),
    "recovering": Kind(503, "Recovering", "The store is being brought up. Nothing was taken.", 1),
    "overloaded": Kind(503, "Overloaded", "Too much is waiting. Nothing was taken.", 1),
    "outcome_unknown": Kind(
        503, "Outcome unknown", "The store's answer was lost. Ask again with the same key.", 1
    ),
    "unavailable": Kind(503, "Unavailable", "A part of the engine cannot be reached.", 1),
}


class FieldError(Struct, frozen=True):
    """What is the matter with one field of the input; ``field`` is a dotted path."""

    field: str
    message: str


class Refused(Exception):
    """A route answers with the problem ``code`` of the table instead of what was asked.

    ``extra``: further members of the problem, such as ``opens_at``. ``headers``: for the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        retry_after_s: int | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra


class Answer(Struct, frozen=True):
    """A whole answer, ready to be sent, or to be kept and sent many times."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    async def send(self, send: Send, added: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Send it as ASGI messages, with ``added`` headers."""
        headers = [*self.headers, *added]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def body(refused: Refused) -> dict[str, Any]:
    """The members of the problem, in the order in which people read them."""
    kind = KINDS[refused.code]
    members: dict[str, Any] = {
        "type": f"/docs#{refused.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": refused.detail or kind.detail,
        "code": refused.code,
        **refused.extra,
    }
    if refused.errors:
        members["errors"] = refused.errors
    return members


def headers(refused: Refused) -> dict[str, str]:
    """The headers that belong to the problem, without those of the body."""
    found = dict(refused.headers)
    retry_after_s = refused.retry_after_s or KINDS[refused.code].retry_after_s
    if retry_after_s is not None:
        found["Retry-After"] = str(retry_after_s)
    if KINDS[refused.code].status == 401:
        found.setdefault("WWW-Authenticate", 'Bearer realm="flashsale"')
    return found


def ready(refused: Refused) -> Answer:
    """The whole answer as bytes, for handlers that speak ASGI themselves."""
    encoded = msgspec.json.encode(body(refused))
    named = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(encoded)),
        **headers(refused),
    }
    lines = tuple((name.lower().encode(), value.encode()) for name, value in named.items())
    return Answer(KINDS[refused.code].status, lines, encoded)
