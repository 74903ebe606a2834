"""The providers' part of the environment, decoded once when the process starts."""

from typing import Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Struct

SECRETS: Final = (
    "simulator_webhook_secret", "stripe_secret_key", "stripe_webhook_secret",
    "razorpay_key_secret", "razorpay_webhook_secret",
)  # fmt: skip


class ProviderSettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Environment names are the fields in capitals; empty means not set.

    A provider without its key or address is not offered; one without its webhook secret takes no
    webhooks. provider_timeout_s: for one call, all of it; jobs of two or three calls must stay
    below their 10 s. payment_return_url: where a hosted pay page sends the buyer afterwards,
    ``{order_id}`` filled in.
    """

    environment: Literal["dev", "staging", "production"] = "dev"
    simulator_url: str = ""
    simulator_webhook_secret: str = ""
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = ""
    razorpay_key_id: str = ""
    razorpay_key_secret: str = ""
    razorpay_webhook_secret: str = ""
    razorpay_api_base: str = ""
    provider_timeout_s: float = 3.0
    payment_return_url: str = ""

    def __post_init__(self) -> None:
        if not 0.1 <= self.provider_timeout_s <= 3.0:
            raise ValueError("PROVIDER_TIMEOUT_S must be 0.1..3: a job makes three calls in 10 s")
        for name in ("simulator_url", "stripe_api_base", "razorpay_api_base", "payment_return_url"):
            value = getattr(self, name)
            if value and urlsplit(value).scheme not in {"http", "https"}:
                raise ValueError(f"{name.upper()} must begin with http:// or https://")
        if self.environment == "production" and self.simulator_url:
            raise ValueError("SIMULATOR_URL must not be set in production: its money is not real")

    def __repr__(self) -> str:
        """Every field; secrets are masked."""
        return f"ProviderSettings({', '.join(f'{k}={v!r}' for k, v in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints: the same, masked the same."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        return list((shown | {name: "***" for name in SECRETS if shown[name]}).items())
