"""What is made to go wrong, for one payment or for a share of all.

``POST /admin/faults`` sets the faults of every payment that has none of its own (``{}`` clears
them); ``share`` picks payments by their order id, so that the same orders are hit in every run.
"""

import zlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

Call = Literal["create", "cancel", "probe", "refund", "complete"]
Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Nothing goes wrong by default. Times in milliseconds.

    delay_ms: webhooks leave later. repeat: each is sent so many times more. reorder: the news that
    a payment is processing comes after its outcome. drop: webhooks are never sent. decline:
    completing fails. captured_minor, captured_currency: another amount is captured than was asked.
    error_before, error_after: these calls answer 500, not carried out or carried out. hang: these
    calls are carried out and answered hang_ms later. times: how often these three strike a call of
    one payment. processing_ms: completing takes so long. refund_pending_ms: so does a refund.
    refund_fails: refunds fail in the end. share: of the payments, for the faults of all.
    """

    delay_ms: Milliseconds = 0
    repeat: Annotated[int, Meta(ge=0, le=100)] = 0
    reorder: bool = False
    drop: bool = False
    decline: bool = False
    captured_minor: Annotated[int, Meta(ge=1)] | None = None
    captured_currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    error_before: tuple[Call, ...] = ()
    error_after: tuple[Call, ...] = ()
    hang: tuple[Call, ...] = ()
    hang_ms: Milliseconds = 30_000
    times: Annotated[int, Meta(ge=1)] = 1
    processing_ms: Milliseconds = 0
    refund_pending_ms: Milliseconds = 0
    refund_fails: bool = False
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0


NONE = Faults()


def chosen(faults: Faults, order_id: str) -> bool:
    """Tell whether the faults of all concern this order."""
    return zlib.crc32(order_id.encode()) < faults.share * 2**32
