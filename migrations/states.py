"""Every enumerated state that Postgres keeps, drawn once as data.

The CHECKs of the tables and the transition triggers are generated from here; tests compare
this page with a migrated database. A machine is a mapping from a state to the states that may
follow it; a state with no successors is final. Settlement may write the effect of several
journal entries at once, so an update may skip: what a trigger accepts is `reachable()`.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, TypeVar, get_args

OrderStatus: TypeAlias = Literal["PENDING", "PAID", "EXPIRED", "CANCELLED", "FAILED", "REFUNDED"]
PaymentStatus: TypeAlias = Literal[
    "PENDING", "PROCESSING", "SUCCEEDED", "FAILED", "CANCELLED", "REFUNDED", "DISPUTED"
]
RefundStatus: TypeAlias = Literal["requested", "sent", "succeeded", "failed"]
SaleState: TypeAlias = Literal["draft", "open", "closing", "closed"]
HoldState: TypeAlias = Literal["HELD", "PAYING", "EXPIRING"]
MoveKind: TypeAlias = Literal["open", "add", "take_back", "close", "restock"]
MoveState: TypeAlias = Literal["intended", "done", "undone"]
Provider: TypeAlias = Literal["simulator", "stripe", "razorpay"]
Verdict: TypeAlias = Literal["confirmed", "retaken", "refund"]
RefundCause: TypeAlias = Literal["late", "duplicate", "mismatch", "cancelled", "admin"]
WebhookState: TypeAlias = Literal["received", "handled", "ignored", "failed"]
Role: TypeAlias = Literal["customer", "admin"]
ImageKind: TypeAlias = Literal["thumbnail", "full", "zoom"]

ORDER_TRANSITIONS: Mapping[OrderStatus, tuple[OrderStatus, ...]] = {
    "PENDING": ("PAID", "EXPIRED", "CANCELLED", "FAILED"),
    "EXPIRED": ("PAID", "REFUNDED"),
    "FAILED": ("PAID", "REFUNDED"),
    "CANCELLED": ("REFUNDED",),
    "PAID": ("REFUNDED",),
    "REFUNDED": (),
}
PAYMENT_TRANSITIONS: Mapping[PaymentStatus, tuple[PaymentStatus, ...]] = {
    "PENDING": ("PROCESSING", "SUCCEEDED", "FAILED", "CANCELLED"),
    "PROCESSING": ("SUCCEEDED", "FAILED", "CANCELLED"),
    "FAILED": ("SUCCEEDED",),
    "CANCELLED": ("SUCCEEDED",),
    "SUCCEEDED": ("REFUNDED", "DISPUTED"),
    "DISPUTED": ("SUCCEEDED", "REFUNDED"),
    "REFUNDED": (),
}
REFUND_TRANSITIONS: Mapping[RefundStatus, tuple[RefundStatus, ...]] = {
    "requested": ("sent", "failed"),
    "sent": ("succeeded", "failed", "requested"),
    "succeeded": (),
    "failed": (),
}
SALE_TRANSITIONS: Mapping[SaleState, tuple[SaleState, ...]] = {
    "draft": ("open",),
    "open": ("closing",),
    "closing": ("closed",),
    "closed": (),
}

HOLD_STATES: tuple[HoldState, ...] = get_args(HoldState)
MOVE_KINDS: tuple[MoveKind, ...] = get_args(MoveKind)
MOVE_STATES: tuple[MoveState, ...] = get_args(MoveState)
PROVIDERS: tuple[Provider, ...] = get_args(Provider)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
REFUND_CAUSES: tuple[RefundCause, ...] = get_args(RefundCause)
WEBHOOK_STATES: tuple[WebhookState, ...] = get_args(WebhookState)
ROLES: tuple[Role, ...] = get_args(Role)
IMAGE_KINDS: tuple[ImageKind, ...] = get_args(ImageKind)

OPEN_PAYMENTS: tuple[PaymentStatus, ...] = ("PENDING", "PROCESSING")
"""An order has at most one payment in one of these at a time."""
PAYING_VERDICTS: tuple[Verdict, ...] = ("confirmed", "retaken")
"""An order has at most one payment with one of these, ever."""


State = TypeVar("State", bound=str)


def reachable(machine: Mapping[State, tuple[State, ...]]) -> frozenset[tuple[State, State]]:
    """Every pair (from, to) of distinct states joined by one or more transitions."""
    return frozenset(
        (start, end) for start in machine for end in _after(machine, start) if end != start
    )


def _after(machine: Mapping[State, tuple[State, ...]], start: State) -> set[State]:
    seen: set[State] = set()
    waiting = list(machine[start])
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting.extend(machine[state])
    return seen
