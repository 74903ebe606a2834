"""What this process pays with: the providers, the rules of money, the queue of jobs."""

from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.problems import Refused
from lua.settings import ValkeySettings
from lua.store import Store
from settlement.jobs.queue import JobQueue
from settlement.money import cancel_order
from settlement.money.context import Money
from settlement.money.settings import MoneySettings
from settlement.providers.errors import ProviderError
from settlement.providers.registry import open_providers
from settlement.providers.settings import ProviderSettings

PROVIDER_AWAY = "The payment provider does not answer; ask again."


class Paying:
    """Belongs to one process; `close` it at the end. Touches no network when it is made."""

    def __init__(
        self,
        engine: AsyncEngine,
        store: Store,
        valkey: ValkeySettings,
        providers: ProviderSettings,
        money: MoneySettings,
    ) -> None:
        self.providers = open_providers(providers)
        self.queue = JobQueue(valkey)
        self.money = Money(
            engine=engine,
            store=store,
            providers=self.providers,
            settings=money,
            extension_ms=valkey.payment_extension_s * 1000,
            return_url=providers.payment_return_url,
        )

    async def end_then_cancel(self, order: str, payment: str) -> None:
        """Cancel an order whose payment is open: at its provider first.

        Raises Refused: not_cancellable (it is, or is being, paid), recovering, unavailable (the
        provider does not answer: nothing was changed, ask again).
        """
        try:
            outcome = await cancel_order.cancel_order(self.money, order, payment)
        except ProviderError as failed:
            raise Refused("unavailable", PROVIDER_AWAY) from failed
        match outcome:
            case cancel_order.Cancelled():
                return
            case cancel_order.NotCancellable(why=why):
                raise Refused("not_cancellable", why)
            case cancel_order.Recovering():
                raise Refused("recovering")
            case _:
                assert_never(outcome)

    async def close(self) -> None:
        """Give back connections."""
        await self.providers.close()
        await self.queue.close()
