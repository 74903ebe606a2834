"""Settings of the providers: what is not set is not offered, and secrets are not shown."""

import msgspec
import pytest

from settlement.providers.registry import open_providers
from settlement.providers.settings import ProviderSettings

SECRET = "a-secret-that-nobody-may-read"


def read(**environment: str) -> ProviderSettings:
    return msgspec.convert(environment, ProviderSettings, strict=False)


def test_secrets_are_masked() -> None:
    shown = repr(read(SIMULATOR_WEBHOOK_SECRET=SECRET, STRIPE_SECRET_KEY=SECRET))
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"SIMULATOR_URL": "ftp://host"},
        {"PROVIDER_TIMEOUT_S": "60"},
        {"ENVIRONMENT": "production", "SIMULATOR_URL": "http://host"},
    ],
)
def test_a_wrong_value_is_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(reversed(wrong))):
        read(**wrong)


async def test_a_provider_is_offered_when_it_is_configured() -> None:
    assert open_providers(read()).get("simulator") is None
    providers = open_providers(read(SIMULATOR_URL="http://127.0.0.1:9"))
    simulator = providers.get("simulator")
    assert simulator is not None
    assert not simulator.takes_webhooks
    await providers.close()
