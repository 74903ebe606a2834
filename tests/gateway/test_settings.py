"""The gateway's part of the environment."""

import pytest

from gateway.settings import GatewaySettings, WrongSettings, read_settings

GOOD = "b7c1d0f2a9e84635-0918273645-zyxwvutsrq"


def test_only_the_secret_has_no_default() -> None:
    assert read_settings({"SECRET_KEY": GOOD, "HOME": "/root"}) == GatewaySettings(secret_key=GOOD)


def test_every_wrong_variable_is_named_at_once() -> None:
    wrong = {
        "ACCESS_TOKEN_EXPIRE_MINUTES": "soon",
        "ENVIRONMENT": "moon",
        "RATE_LIMITS": "maybe",
        "ORDER_RATE_LIMIT": "0",
        "SECRET_KEY": "short",
    }
    with pytest.raises(WrongSettings) as raised:
        read_settings(wrong)
    assert raised.value.wrong.keys() == wrong.keys()
    assert "short" not in str(raised.value)


def test_an_empty_variable_counts_as_unset() -> None:
    with pytest.raises(WrongSettings, match="SECRET_KEY: is required"):
        read_settings({"SECRET_KEY": ""})
    assert read_settings({"SECRET_KEY": GOOD, "ORDER_RATE_LIMIT": ""}).order_rate_limit == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "true"),
        ("RATE_LIMITS", "off"),
        ("CORS_ORIGINS", "*"),
        ("SECRET_KEY", "x" * 40),
        ("SECRET_KEY", "my-very-secret-key-1234567890-abcdef"),
    ],
)
def test_production_refuses_what_is_fine_elsewhere(name: str, value: str) -> None:
    given = {"SECRET_KEY": GOOD, name: value}
    read_settings(given | {"ENVIRONMENT": "dev"})
    with pytest.raises(WrongSettings) as raised:
        read_settings(given | {"ENVIRONMENT": "production"})
    assert raised.value.wrong.keys() == {name}


def test_the_secret_is_never_shown() -> None:
    assert GOOD not in repr(GatewaySettings(secret_key=GOOD))
