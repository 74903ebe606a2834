"""How often, how long, how many times: the numbers of payments and refunds."""

from typing import Final

from msgspec import Struct

_RANGES: Final = {
    "payment_attempts_max": (1, 100),
    "payment_probe_after_s": (1, 86_400),
    "refund_first_pause_s": (0.1, 3_600),
    "refund_longest_pause_s": (1, 86_400),
    "refund_answer_s": (1, 3_600),
    "webhook_retry_after_s": (1, 3_600),
    "webhook_attempts_max": (1, 1_000),
    "reconcile_hours": (1, 24 * 30),
}


class MoneySettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Environment names are the fields in capitals. Times in the unit their name ends in.

    payment_attempts_max: failed payments after which an order fails. payment_probe_after_s: when a
    payment that hangs is asked about. refund_first_pause_s, refund_longest_pause_s: between
    attempts, doubled each time; a refund is never given up. refund_answer_s: how long a refund that
    was sent waits for its result before somebody else takes it up. webhook_retry_after_s,
    webhook_attempts_max: for a webhook that was kept and not handled. reconcile_hours: how far back
    providers' captures are compared with ours.
    """

    payment_attempts_max: int = 5
    payment_probe_after_s: int = 60
    refund_first_pause_s: float = 5.0
    refund_longest_pause_s: float = 3_600.0
    refund_answer_s: float = 30.0
    webhook_retry_after_s: float = 10.0
    webhook_attempts_max: int = 50
    reconcile_hours: int = 72

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name.upper()} must be {low:g}..{high:g}")
        if self.refund_first_pause_s > self.refund_longest_pause_s:
            raise ValueError("REFUND_FIRST_PAUSE_S must not be above REFUND_LONGEST_PAUSE_S")
