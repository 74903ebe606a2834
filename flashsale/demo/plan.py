"""How large, how fast, and how much goes wrong: the numbers of one run."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

CURRENCY: Final = "USD"
LIMIT: Final = 4
"""Units of one product that one buyer may have."""


class Plan(Struct, frozen=True, kw_only=True):
    """One run. Times in seconds.

    rush_s: in which all buyers arrive. hold_ttl_s: short, so that a minute sees holds end and their
    units sold again. extension_s, grace_s: the engine's own settings, as short. patience_s: how
    long a buyer who found nothing waits for units that come back. connections: how many the buyers
    share; each carries one request at a time.
    """

    buyers: int = 5_000
    units: int = 1_000
    seed: int = 1
    rush_s: float = 4.0
    hold_ttl_s: int = 7
    extension_s: int = 2
    grace_s: int = 3
    patience_s: float = 16.0
    connections: int = 128
    tills: int = 24
    end_limit_s: float = 20.0

    def __post_init__(self) -> None:
        if not 10 <= self.buyers <= 1_000_000 or not len(SHARES) <= self.units <= 1_000_000:
            raise ValueError("buyers must be 10..1,000,000 and units 3..1,000,000")

    @property
    def engine_settings(self) -> Mapping[str, str]:
        """The engine's variables that make a minute long enough."""
        return {
            "PAYMENT_EXTENSION_S": str(self.extension_s),
            "EXPIRING_GRACE_S": str(self.grace_s),
            "PAYMENT_PROBE_AFTER_S": str(self.hold_ttl_s),
            "LOG_LEVEL": "WARNING",
        }


SHARES: Final[Mapping[str, tuple[float, int]]] = {
    "Aurora headphones": (0.5, 12_900),
    "Comet turntable": (0.3, 24_900),
    "Lumen desk lamp": (0.2, 5_900),
}
"""Product -> its share of the units, and its price in minor units."""


def units_of(units: int) -> list[int]:
    """Split the units over the products; the first gets what is left over."""
    shares = [max(1, int(units * share)) for share, _ in SHARES.values()]
    shares[0] += units - sum(shares)
    return shares
