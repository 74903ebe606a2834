"""The gateway's part of the environment, decoded once when the process starts."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

SECRET_MIN_BYTES: Final = 32
"""HS256 keys shorter than the digest weaken it (RFC 7518, 3.2)."""

WEAK_WORDS: Final = ("secret", "password", "changeme", "change-me", "example", "test", "your-")
"""What people leave in a key they meant to replace."""


class WrongSettings(ValueError):
    """``wrong`` maps the name of every wrong variable to what is the matter with it."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in wrong.items()))
        self.wrong = dict(wrong)


class GatewaySettings(Struct, frozen=True, kw_only=True, rename="upper"):
    """Environment names are the fields in capitals. Times in the unit their name ends in.

    cors_origins: comma-separated. rate_limits: off turns request limits off, not the lock-out of
    accounts. body_timeout_s: a whole body must have come by then. order_rate_limit: attempts of
    one buyer in order_rate_period_s. hash_threads, hash_queue_max: password hashes computed at
    once, and waiting; more are refused as overloaded.
    """

    secret_key: str
    algorithm: Literal["HS256"] = "HS256"
    access_token_expire_minutes: int = 30
    refresh_token_expire_days: int = 30
    app_name: str = "Flash Sale Engine"
    debug: bool = False
    environment: Literal["dev", "staging", "production"] = "dev"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    cors_origins: str = ""
    rate_limits: Literal["on", "off"] = "on"
    order_rate_limit: int = 10
    order_rate_period_s: int = 60
    body_max_bytes: int = 64 * 1024
    webhook_body_max_bytes: int = 256 * 1024
    body_timeout_s: float = 10.0
    drain_delay_s: float = 0.0
    graceful_timeout_s: int = 10
    hash_threads: int = 2
    hash_queue_max: int = 64
    lockout_failures: int = 5
    lockout_s: int = 900
    stream_readers_max: int = 10_000
    image_hosts: str = ""

    def __post_init__(self) -> None:
        wrong = _contradictions(self)
        if wrong:
            raise WrongSettings(wrong)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that may call from a browser."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())

    @property
    def allowed_image_hosts(self) -> frozenset[str]:
        """Hosts that pictures may come from; empty: any."""
        return frozenset(
            host.strip().lower() for host in self.image_hosts.split(",") if host.strip()
        )

    @property
    def limits_requests(self) -> bool:
        """Whether request limits are on."""
        return self.rate_limits == "on"

    def __repr__(self) -> str:
        """Every field; the secret is masked."""
        return f"GatewaySettings({', '.join(f'{k}={v!r}' for k, v in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints: the same, masked the same."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        return list((shown | {"secret_key": "***"}).items())


def read_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Decode the settings; an empty variable counts as unset, names that are not ours are ignored.

    Raises WrongSettings, which names every wrong variable and holds no value of a secret.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in msgspec.structs.fields(GatewaySettings):
        given = environment.get(field.encode_name, "")
        if not given and field.required:
            wrong[field.encode_name] = "is required"
        elif given:
            try:
                values[field.name] = msgspec.convert(given, field.type, strict=False)
            except msgspec.ValidationError as misfit:
                wrong[field.encode_name] = str(misfit)
    if wrong:
        raise WrongSettings(wrong | _wrong_by_themselves(values))
    return GatewaySettings(**values)


_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "access_token_expire_minutes": (1, 24 * 60),
    "refresh_token_expire_days": (1, 365),
    "order_rate_limit": (1, 1_000),  # the script keeps the count in the buyer's short record
    "order_rate_period_s": (1, 3_600),
    "body_max_bytes": (1_024, 1024 * 1024),
    "webhook_body_max_bytes": (1_024, 4 * 1024 * 1024),
    "body_timeout_s": (0.05, 300),
    "drain_delay_s": (0, 60),
    "graceful_timeout_s": (1, 300),
    "hash_threads": (1, 64),
    "hash_queue_max": (0, 10_000),
    "lockout_failures": (1, 100),
    "lockout_s": (1, 86_400),
    "stream_readers_max": (1, 1_000_000),
}


def _wrong_by_themselves(values: Mapping[str, Any]) -> dict[str, str]:
    wrong = {
        name.upper(): f"must be {low:g}..{high:g}"
        for name, (low, high) in _RANGES.items()
        if name in values and not low <= values[name] <= high
    }
    secret_key = values.get("secret_key")
    if secret_key is not None and len(secret_key.encode()) < SECRET_MIN_BYTES:
        wrong["SECRET_KEY"] = f"must have at least {SECRET_MIN_BYTES} bytes"
    return wrong


def _contradictions(settings: GatewaySettings) -> dict[str, str]:
    wrong = _wrong_by_themselves(msgspec.structs.asdict(settings))
    if settings.webhook_body_max_bytes < settings.body_max_bytes:
        wrong["WEBHOOK_BODY_MAX_BYTES"] = "must not be below BODY_MAX_BYTES"
    if settings.environment != "production":
        return wrong
    if settings.debug:
        wrong["DEBUG"] = "must be off in production"
    if not settings.limits_requests:
        wrong["RATE_LIMITS"] = "must be on in production"
    if "*" in settings.origins:
        wrong["CORS_ORIGINS"] = "must name its origins in production"
    if _guessable(settings.secret_key):
        wrong.setdefault("SECRET_KEY", "is guessable; make one with secrets.token_urlsafe(32)")
    return wrong


def _guessable(secret_key: str) -> bool:
    """Few different characters, or a word that stands in examples."""
    lowered = secret_key.lower()
    return len(set(secret_key)) < 12 or any(word in lowered for word in WEAK_WORDS)
