"""Settings come from the environment, else from .env, and every wrong one is named. R2"""

from pathlib import Path

import msgspec
import pytest

from flashsale.environment import (
    KINDS,
    STAND_INS,
    WrongEnvironment,
    describe,
    find_wrong,
    mask,
    read_environment,
    read_stores,
)
from flashsale.variables import read_variables

GOOD = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    "DATABASE_URL": "postgresql://shop:hunter2@db/shop",
    "REDIS_URL": "redis://:hunter2@valkey:6379/0",
}


def test_good_settings_reach_every_package() -> None:
    found = read_environment({**GOOD, "DATABASE_POOL_SIZE": "7", "JOURNAL_MAX": "5000"})
    assert found.gateway.secret_key == GOOD["SECRET_KEY"]
    assert found.database.pool_size == 7
    assert found.valkey.journal_max == 5000


def test_what_has_no_default_has_a_stand_in() -> None:
    required = {f.encode_name for kind in KINDS for f in msgspec.structs.fields(kind) if f.required}
    assert required == STAND_INS.keys()
    assert find_wrong(STAND_INS) == {}


def test_every_wrong_variable_is_named_at_once() -> None:
    wrong = find_wrong(
        {
            **GOOD,
            "SECRET_KEY": "short",
            "REDIS_URL": "http://valkey",
            "DATABASE_POOL_SIZE": "0",
            "DATABASE_MAX_OVERFLOW": "many",
            "JOURNAL_MAX": "3",
            "ORDER_RATE_LIMIT": "-1",
            "SIMULATOR_URL": "ftp://pay",
        }
    )
    assert wrong.keys() == {
        "SECRET_KEY",
        "REDIS_URL",
        "DATABASE_POOL_SIZE",
        "DATABASE_MAX_OVERFLOW",
        "JOURNAL_MAX",
        "ORDER_RATE_LIMIT",
        "SIMULATOR_URL",
    }
    assert not any("short" in reason for reason in wrong.values())


def test_a_missing_variable_does_not_hide_a_wrong_one() -> None:
    wrong = find_wrong({"DATABASE_POOL_SIZE": "0"})
    assert wrong.keys() == {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DATABASE_POOL_SIZE"}


def test_variables_that_contradict_each_other_are_named() -> None:
    wrong = find_wrong({**GOOD, "ENVIRONMENT": "production", "DEBUG": "true", "RATE_LIMITS": "off"})
    assert {"DEBUG", "RATE_LIMITS"} <= wrong.keys()


def test_wrong_settings_stop_the_start_and_tell_no_secret() -> None:
    with pytest.raises(WrongEnvironment) as told:
        read_environment({**GOOD, "SECRET_KEY": "hunter2"})
    assert told.value.wrong.keys() == {"SECRET_KEY"}
    assert "hunter2" not in str(told.value)


def test_verify_needs_only_the_two_stores() -> None:
    stores = {name: GOOD[name] for name in ("DATABASE_URL", "REDIS_URL")}
    database, valkey = read_stores(stores)
    assert database.url == GOOD["DATABASE_URL"]
    assert valkey.redis_url == GOOD["REDIS_URL"]


def test_dotenv_is_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("APP_NAME=from file\nLOG_LEVEL=DEBUG\nCORS_ORIGINS=\n")
    monkeypatch.setenv("APP_NAME", "from environment")
    monkeypatch.setenv("LOG_LEVEL", "")
    found = read_variables(tmp_path)
    assert found["APP_NAME"] == "from environment"
    assert found["LOG_LEVEL"] == "DEBUG"  # an empty variable counts as unset
    assert "CORS_ORIGINS" not in found
    sources = {variable.name: variable.source for variable in describe(tmp_path)}
    assert (sources["APP_NAME"], sources["LOG_LEVEL"]) == ("environment", ".env")
    assert sources["CORS_ORIGINS"] == "default"


def test_secrets_and_passwords_are_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_0123456789")
    shown = {variable.name: variable.shown for variable in describe(tmp_path)}
    assert shown["SECRET_KEY"] == "*** (36 bytes)"
    assert shown["STRIPE_WEBHOOK_SECRET"] == "*** (16 bytes)"
    assert shown["DATABASE_URL"] == "postgresql://shop:***@db/shop"
    assert shown["REDIS_URL"] == "redis://:***@valkey:6379/0"
    assert not any("hunter2" in value for value in shown.values())


def test_the_number_of_minutes_of_a_token_is_no_secret() -> None:
    assert mask("ACCESS_TOKEN_EXPIRE_MINUTES", "30") == "30"
