"""Which script a report about a payment calls for: pure, so that every case is a test without I/O.

============  ==========================================================================
reported      rule
============  ==========================================================================
captured      a verdict stands: nothing. Amount, currency and order are ours: confirm.
              Anything else: refuse, the money goes back.
failed        decline: the buyer may try again; after too many the order fails
cancelled     decline
processing    the row says so
open          nothing
============  ==========================================================================
"""

from typing import TypeAlias

from msgspec import Struct

from settlement.money.due import Due
from settlement.providers.protocol import (
    Cancelled,
    Captured,
    Failed,
    Open,
    PaymentReport,
    Processing,
)


class Confirm(Struct, frozen=True):
    """The money is right: `confirm` rules."""


class Refuse(Struct, frozen=True):
    """The money does not fit: `refuse` rules, ``why`` is for the alarm."""

    why: str


class Decline(Struct, frozen=True):
    """The payment ends without money. ``fails_order``: it was the last that the order may have."""

    status: str
    reason: str
    fails_order: bool


class Progress(Struct, frozen=True):
    """The money is on its way."""


class Nothing(Struct, frozen=True):
    """There is nothing to do."""


Step: TypeAlias = Confirm | Refuse | Decline | Progress | Nothing


def first_step(due: Due, report: PaymentReport, attempts_max: int) -> Step:
    """Return what a report calls for."""
    match report.state:
        case Captured() as captured:
            if due.verdict is not None:
                return Nothing()
            misfit = mismatch(due, report, captured)
            return Confirm() if misfit is None else Refuse(misfit)
        case Failed(reason=reason):
            return Decline("FAILED", reason, due.failed_before + 1 >= attempts_max)
        case Cancelled():
            return Decline("CANCELLED", "cancelled", fails_order=False)
        case Processing():
            return Progress() if due.status == "PENDING" else Nothing()
        case Open():
            return Nothing()


def mismatch(due: Due, report: PaymentReport, captured: Captured) -> str | None:
    """Return what does not fit our own row, as a sentence for the alarm; None when all fits."""
    if captured.amount_minor != due.amount_minor:
        return f"captured {captured.amount_minor}, due {due.amount_minor}"
    if captured.currency.upper() != due.currency:
        return f"captured {captured.currency.upper()}, due {due.currency}"
    if report.payment_id not in {None, due.payment_id}:
        return f"captured for payment {report.payment_id}"
    if report.order_id not in {None, due.order_id}:
        return f"captured for order {report.order_id}"
    return None


def one_word(reason: str) -> str:
    """Return a provider's reason as the journal takes it: letters, digits and underscores."""
    word = "".join(c if c.isascii() and c.isalnum() else "_" for c in reason)[:64]
    return word or "failed"


def cause_when_over(order_status: str, *, went_back: bool) -> str:
    """Return why money goes back of which only Postgres knows the order's end.

    A second payment of an order that is paid, or whose money went back before, is a duplicate.
    """
    if order_status == "CANCELLED":
        return "cancelled"
    if order_status in {"PAID", "REFUNDED"} or went_back:
        return "duplicate"
    return "late"
