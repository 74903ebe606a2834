"""Payments, refunds and events, as the ledger keeps them and as the API tells of them."""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from flashsale.simulator.faults import Faults

PaymentState = Literal["open", "processing", "succeeded", "failed", "cancelled"]
RefundState = Literal["pending", "succeeded", "failed"]


class Payment(Struct, kw_only=True):
    """One payment. ``hits``: how often faults struck; ``captured_ms`` 0: nothing captured."""

    id: str
    state: PaymentState
    amount_minor: int
    currency: str
    metadata: dict[str, str]
    redirect_url: str
    return_url: str | None
    created_ms: int
    captured_minor: int = 0
    captured_ms: int = 0
    refunded_minor: int = 0
    failure: str | None = None
    due_ms: int = 0
    faults: Faults | None = None
    hits: dict[str, int] = msgspec.field(default_factory=dict)


class Refund(Struct, kw_only=True):
    """One refund of a payment. ``due_ms``: when a pending one ends."""

    id: str
    payment: str
    state: RefundState
    amount_minor: int
    currency: str
    metadata: dict[str, str]
    created_ms: int
    failure: str | None = None
    due_ms: int = 0


class Dispute(Struct, kw_only=True):
    """A contested payment."""

    id: str
    payment: str
    status: Literal["open", "won", "lost"]
    amount_minor: int
    reason: str = "fraudulent"


class KnownKey(Struct):
    """An idempotency key: the request it came with, and the record that it made."""

    fingerprint: str
    record: str


class Event(Struct, kw_only=True):
    """A webhook on its way. ``copies``: deliveries that are still to be made."""

    id: str
    body: str
    due_ms: int
    copies: int = 1
    attempts: int = 0


def shown(record: Payment | Refund | Dispute) -> dict[str, Any]:
    """Return what the API tells of a record: everything but the machinery of faults."""
    told: dict[str, Any] = msgspec.to_builtins(record)
    for name in ("faults", "hits", "due_ms"):
        told.pop(name, None)
    return told
