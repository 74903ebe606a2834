"""How the store is reached, and the numbers its scripts are called with."""

from urllib.parse import urlsplit

from msgspec import Struct


class ValkeySettings(Struct, frozen=True, rename="upper"):
    """Environment names are the fields in capitals. Times in the unit their name ends in."""

    redis_url: str
    queue_redis_url: str = ""
    redis_timeout_s: float = 5.0
    redis_pool_size: int = 64
    journal_max: int = 2_000_000
    """Entries that may wait for settlement before `reserve` answers overloaded: about 500 MB."""
    payment_extension_s: int = 120
    """Time to pay that opening a payment may add to a hold, once."""
    expiring_grace_s: int = 30
    """How long an expiring hold waits for its provider before its units go back."""

    def __post_init__(self) -> None:
        if urlsplit(self.redis_url).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("REDIS_URL must begin with redis://, rediss:// or unix://")
        if self.journal_max < 1_000:
            raise ValueError("JOURNAL_MAX must be at least 1000")
        if not 0 <= self.payment_extension_s <= 3_600:
            raise ValueError("PAYMENT_EXTENSION_S must be 0..3600")
        if not 1 <= self.expiring_grace_s <= 3_600:
            raise ValueError("EXPIRING_GRACE_S must be 1..3600")

    @property
    def queue_url(self) -> str:
        """Where ARQ keeps its queue: its own server, or the store itself."""
        return self.queue_redis_url or self.redis_url

    def __repr__(self) -> str:
        host = urlsplit(self.redis_url)
        return f"ValkeySettings({host.scheme}://{host.hostname or host.path})"
