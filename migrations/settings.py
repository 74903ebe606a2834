"""Where the database is, and how hard this process may lean on it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from migrations.address import masked, parse


def _environment_name(field: str) -> str:
    return "DEBUG" if field == "debug" else f"DATABASE_{field.upper()}"


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, rename=_environment_name):
    """Settings by their names in the environment: DATABASE_URL, DATABASE_POOL_SIZE, DEBUG, ...

    url, read_url: postgresql:// or postgresql+asyncpg://; reads that may be late use read_url.
    pool_size + max_overflow: connections of one process at most. pool_timeout_s: how long a
    request may wait for one. pool_recycle_s: age at which an idle one is replaced. slow_query_ms:
    statements at least this slow are logged; under debug every one is. transaction_timeout_s:
    the server ends longer transactions, so that a paused worker cannot hold rows; 0 never does.
    """

    url: str
    read_url: str | None = None
    pool_size: int = 20
    max_overflow: int = 30
    pool_timeout_s: float = 30.0
    pool_recycle_s: int = 1800
    pre_ping: bool = True
    connect_timeout_s: float = 5.0
    transaction_timeout_s: float = 5.0
    slow_query_ms: float = 200.0
    application_name: str = "flashsale"
    debug: bool = False

    def __post_init__(self) -> None:
        for name in ("url", "read_url"):
            _check_url(_environment_name(name), getattr(self, name))
        _require(1 <= self.pool_size <= 1000, "DATABASE_POOL_SIZE must be 1..1000")
        _require(0 <= self.max_overflow <= 1000, "DATABASE_MAX_OVERFLOW must be 0..1000")
        _require(0 < self.pool_timeout_s <= 300, "DATABASE_POOL_TIMEOUT_S must be 0..300")
        _require(self.pool_recycle_s > 0, "DATABASE_POOL_RECYCLE_S must be positive")
        _require(0 < self.connect_timeout_s <= 60, "DATABASE_CONNECT_TIMEOUT_S must be 0..60")
        _require(self.slow_query_ms >= 0, "DATABASE_SLOW_QUERY_MS must not be negative")
        _require(self.transaction_timeout_s >= 0, "DATABASE_TRANSACTION_TIMEOUT_S is negative")
        _require(
            self.transaction_timeout_s < self.pool_recycle_s,
            "DATABASE_TRANSACTION_TIMEOUT_S must be below DATABASE_POOL_RECYCLE_S",
        )
        _require(
            self.transaction_timeout_s == 0
            or self.slow_query_ms <= self.transaction_timeout_s * 1000,
            "DATABASE_SLOW_QUERY_MS above the transaction timeout would never be seen",
        )

    def __repr__(self) -> str:
        """Every field; passwords in URLs are masked."""
        return f"DatabaseSettings({', '.join(f'{k}={v!r}' for k, v in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints: the same, masked the same."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        for name in ("url", "read_url"):
            shown[name] = shown[name] and masked(shown[name])
        return list(shown.items())


def read_settings(environment: Mapping[str, str]) -> DatabaseSettings:
    """Decode the settings from the environment; names that are not ours are ignored.

    Raises:
        msgspec.ValidationError: a value is missing or wrong; the message names it and holds no
            secret.
    """
    return msgspec.convert(dict(environment), DatabaseSettings, strict=False)


def _check_url(name: str, url: str | None) -> None:
    try:
        _ = url is None or parse(url)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
