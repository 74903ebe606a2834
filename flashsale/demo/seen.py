"""What buyers were told: the other side of every promise."""

import time
from collections import Counter, deque
from typing import Final

from msgspec import Struct

RATE_WINDOW_S: Final = 2.0


class Placed(Struct, frozen=True):
    """An order a buyer was given."""

    id: str
    units: int
    total_minor: int


class Seen:
    """Counts of everything that buyers did and were answered.

    ``placed``: every order that was acknowledged, by the key it was asked with. ``broken``: what no
    buyer should ever see, as sentences.
    """

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.attempts = 0
        self.outcomes: Counter[str] = Counter()
        self.placed: dict[str, Placed] = {}
        self.retries = 0
        self.retries_same = 0
        self.hung_up = 0
        self.lost = 0
        self.took_s: list[float] = []
        self.endings: Counter[str] = Counter()
        self.paid_minor = 0
        self.payments = 0
        self.pay_refused: Counter[str] = Counter()
        self.waiting = 0
        self.broken: list[str] = []
        self._recent: deque[float] = deque()

    def answered(self, outcome: str, took_s: float) -> None:
        """Count an answer to `POST /orders`."""
        self.attempts += 1
        self.outcomes[outcome] += 1
        self.took_s.append(took_s)
        self._recent.append(time.monotonic())

    def place(self, key: str, order: Placed, *, again: bool) -> None:
        """Take in an acknowledged order. The same key must always mean the same order."""
        known = self.placed.setdefault(key, order)
        if again or known is not order:
            self.retries += 1
            self.retries_same += known.id == order.id
        if known != order:
            self.broken.append(f"one key gave the orders {known.id} and {order.id}")

    def rate(self) -> float:
        """Answers a second, over the last two."""
        now = time.monotonic()
        while self._recent and now - self._recent[0] > RATE_WINDOW_S:
            self._recent.popleft()
        return len(self._recent) / RATE_WINDOW_S

    def quantile_ms(self, share: float) -> float:
        """How long an answer took for that share of the attempts at most; 0 before the first."""
        if not self.took_s:
            return 0.0
        ordered = sorted(self.took_s)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000
