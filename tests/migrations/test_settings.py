"""Database settings: decoded by their names, checked together, silent about secrets. # R2 # R4"""

import msgspec
import pytest

from migrations.address import masked, parse
from migrations.settings import DatabaseSettings, read_settings

URL = "postgresql://app:s3cret@db.example:5432/shop?sslpassword=al50&target_session_attrs=any"


def test_the_defaults_are_those_of_the_requirement() -> None:
    settings = read_settings({"DATABASE_URL": URL})
    assert (settings.pool_size, settings.max_overflow) == (20, 30)
    assert (settings.pool_timeout_s, settings.pool_recycle_s) == (30, 1800)
    assert settings.pre_ping
    assert settings.transaction_timeout_s == 5


def test_every_field_is_read_from_its_name_in_the_environment() -> None:
    settings = read_settings(
        {
            "DATABASE_URL": URL,
            "DATABASE_READ_URL": URL,
            "DATABASE_POOL_SIZE": "2",
            "DATABASE_PRE_PING": "false",
            "DATABASE_SLOW_QUERY_MS": "12.5",
            "DEBUG": "true",
            "HOME": "/",
        }
    )
    assert (settings.pool_size, settings.pre_ping, settings.slow_query_ms) == (2, False, 12.5)
    assert settings.debug
    assert settings.read_url == URL


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": "mysql://app:s3cret@db/shop"},
        {"DATABASE_URL": "postgresql://app:s3cret@db"},
        {"DATABASE_URL": "postgresql://app:s3cret@db:port/shop"},
        {"DATABASE_URL": "s3cret"},
        {"DATABASE_READ_URL": "s3cret"},
        {"DATABASE_POOL_SIZE": "0"},
        {"DATABASE_POOL_SIZE": "many"},
        {"DATABASE_MAX_OVERFLOW": "-1"},
        {"DATABASE_POOL_TIMEOUT_S": "0"},
        {"DATABASE_POOL_RECYCLE_S": "0"},
        {"DATABASE_CONNECT_TIMEOUT_S": "0"},
        {"DATABASE_SLOW_QUERY_MS": "-1"},
        {"DATABASE_SLOW_QUERY_MS": "5001"},
        {"DATABASE_TRANSACTION_TIMEOUT_S": "-1"},
        {"DATABASE_TRANSACTION_TIMEOUT_S": "1800"},
    ],
)
def test_a_wrong_value_is_named_and_no_secret_told(wrong: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        read_settings({"DATABASE_URL": URL} | wrong)
    assert next(iter(wrong)) in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_missing_url_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="DATABASE_URL"):
        read_settings({})


def test_no_representation_shows_a_password() -> None:
    settings = DatabaseSettings(url=URL, read_url=URL)
    for shown in (repr(settings), str(settings), repr(settings.__rich_repr__())):
        assert "s3cret" not in shown
        assert "al50" not in shown
        assert "db.example" in shown


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_each_spelling_of_postgres_becomes_the_asyncpg_one(scheme: str) -> None:
    assert parse(f"{scheme}://a:b@h/d").drivername == "postgresql+asyncpg"


def test_masking_something_that_is_no_url_shows_nothing() -> None:
    assert masked("s3cret") == "***"
