"""A shop that takes money: real engines, a real simulated provider, and its webhooks by hand.

The simulator is told no address, so a test decides which of its news arrive, when, and how often.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis.asyncio
from msgspec import Struct

from lua import expire
from migrations.engine import raw_connection
from settlement.money.begin_payment import Begun, begin_payment
from settlement.money.context import Money
from settlement.money.inbox import Verdict, receive
from settlement.money.payment_rows import Payment
from settlement.money.send_refund import send_refund
from settlement.money.settings import MoneySettings
from settlement.providers.protocol import Event, PaymentProvider
from settlement.providers.registry import Providers
from settlement.providers.simulator import Simulator
from tests.flashsale.simulator.running import SECRET, Running, running_simulator
from tests.settlement.shop import Shop, open_shop

TTL_MS = 500
"""Of a hold that is to expire in a test: time enough to pay it on a busy machine."""

_numbers = itertools.count(1)


class Till(Struct):
    """A shop, what it pays with, and the provider's own books."""

    shop: Shop
    money: Money
    provider: PaymentProvider
    simulator: Running

    async def order(self, user: int = 1, quantity: int = 1) -> str:
        """A held order that is settled."""
        order = await self.shop.held(user, quantity)
        await self.shop.drainer.drain()
        return order

    async def pay(self, order: str) -> Payment:
        """An open payment of the order."""
        begun = await begin_payment(self.money, order, self.provider)
        assert isinstance(begun, Begun), begun
        return begun.payment

    async def complete(self, payment: Payment, outcome: str = "succeeded", **faults: Any) -> None:
        """The buyer leaves the pay page."""
        assert payment.provider_ref is not None
        assert await self.simulator.complete(payment.provider_ref, outcome, **faults) == 200

    async def news(self, payment: Payment, **changed: Any) -> Event:
        """The event by which the provider would tell how the payment stands."""
        answer = await self.simulator.http.get(f"/payments/{payment.provider_ref}")
        told = answer.json() | changed
        payload = {"id": f"evt_{next(_numbers)}", "type": f"payment.{told['state']}", "data": told}
        report = self.provider.read_report(payload)
        return Event(payload["id"], payload["type"], payload, report)

    async def tell(self, *events: Event) -> list[Verdict]:
        """Webhooks arrive, in one batch; then the journal is settled."""
        verdicts = await receive(self.money, [("simulator", event) for event in events])
        await self.shop.drainer.drain()
        return verdicts

    async def expire(self) -> None:
        """What is over ends, and is settled."""
        await expire.expire(self.shop.store, self.shop.base, 100, 1)
        await self.shop.drainer.drain()

    async def send_refunds(self) -> list[str]:
        """Every refund that is due is sent."""
        rows = await self.shop.rows(
            "SELECT id::text FROM refunds WHERE status IN ('requested', 'sent')"
        )
        return [await send_refund(self.money, str(row["id"])) for row in rows]

    async def status_of(self, order: str) -> tuple[str, list[str]]:
        """The order's status, and its payments' in the order they were opened."""
        orders = await self.shop.rows("SELECT status FROM orders WHERE id = $1", order)
        payments = await self.shop.rows(
            "SELECT status FROM payments WHERE order_id = $1 ORDER BY created_at", order
        )
        return str(orders[0]["status"]), [str(row["status"]) for row in payments]

    async def refunds(self) -> list[tuple[str, str]]:
        """(cause, status) of every refund."""
        rows = await self.shop.rows("SELECT cause, status FROM refunds ORDER BY created_at")
        return [(str(row["cause"]), str(row["status"])) for row in rows]

    async def books(self) -> tuple[int, int]:
        """What the provider captured and gave back."""
        totals = (await self.simulator.ledger())["totals"]
        return totals["captured_minor"], totals["refunded_minor"]

    async def run_sql(self, statement: str, *values: Any) -> None:
        async with raw_connection(self.shop.engine) as connection:
            await connection.execute(statement, *values)


@asynccontextmanager
async def open_till(
    valkey: "redis.asyncio.Redis",
    database_url: str,
    folder: Path,
    *,
    settings: MoneySettings | None = None,
    extension_ms: int = 0,
    **shop: Any,
) -> AsyncIterator[Till]:
    """Open a shop (see `open_shop`) and its provider."""
    async with (
        open_shop(valkey, database_url, **shop) as opened,
        running_simulator(folder) as simulator,
    ):
        provider = Simulator(simulator.url, SECRET, timeout_s=1.0)
        money = Money(
            engine=opened.engine,
            store=opened.store,
            providers=Providers({"simulator": provider}),
            settings=settings or MoneySettings(refund_first_pause_s=0.1),
            extension_ms=extension_ms,
        )
        yield Till(opened, money, provider, simulator)
        await provider.close()
