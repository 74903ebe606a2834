"""The providers that are configured, by name. The only place that knows which there are."""

from collections.abc import Iterator, Mapping

from settlement.providers.protocol import PaymentProvider
from settlement.providers.settings import ProviderSettings
from settlement.providers.simulator import Simulator


class Providers:
    """The providers of one process. Belongs to one event loop; `close` it at the end."""

    def __init__(self, by_name: Mapping[str, PaymentProvider]) -> None:
        self._by_name = dict(by_name)

    def get(self, name: str) -> PaymentProvider | None:
        """Return the provider, or None when it is not configured."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[PaymentProvider]:
        return iter(self._by_name.values())

    async def close(self) -> None:
        """Give back every connection."""
        for provider in self._by_name.values():
            await provider.close()


def open_providers(settings: ProviderSettings) -> Providers:
    """Make the providers that have their settings. Touches no network."""
    found: list[PaymentProvider] = []
    if settings.simulator_url:
        found.append(
            Simulator(
                settings.simulator_url,
                settings.simulator_webhook_secret,
                settings.provider_timeout_s,
            )
        )
    return Providers({provider.name: provider for provider in found})
