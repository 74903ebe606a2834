"""A gateway that takes payments: real engines, a real simulated provider, each on a socket."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import redis.asyncio
from msgspec import Struct

from flashsale.simulator.app import App
from gateway.app import Application, create_app
from gateway.settings import GatewaySettings
from lua.settings import ValkeySettings
from migrations.settings import DatabaseSettings
from settlement.money.settings import MoneySettings
from settlement.providers import simulator_signature as signature
from settlement.providers.settings import ProviderSettings
from tests.flashsale.simulator import running
from tests.gateway.people import SECRET, People, Person
from tests.settlement.shop import Shop, open_shop


class Desk(Struct):
    """A gateway, its shop, and the provider whose webhooks it gets."""

    app: Application
    http: httpx.AsyncClient
    people: People
    shop: Shop
    simulator: running.Running

    async def order(self, buyer: Person, *, settled: bool = True) -> str:
        """A held order of the buyer."""
        order = await self.shop.held(buyer.id)
        if settled:
            await self.shop.drainer.drain()
        return order

    async def pay(self, buyer: Person, order: str, provider: str = "simulator") -> httpx.Response:
        """Start to pay."""
        asked = {"provider": provider}
        return await self.http.post(f"/orders/{order}/payments", json=asked, headers=buyer.headers)

    async def paid(self, buyer: Person) -> tuple[str, dict[str, Any]]:
        """An order of the buyer that is paid and settled, and its payment."""
        order = await self.order(buyer)
        payment = (await self.pay(buyer, order)).json()
        assert await self.simulator.complete(payment["provider_ref"], drop=True) == 200
        answer = await self.tell(payment["provider_ref"])
        assert answer.status_code == 200, answer.text
        await self.shop.drainer.drain()
        return order, payment

    async def tell(self, ref: str, event_id: str | None = None, **changed: Any) -> httpx.Response:
        """A webhook of how the payment stands, made here and signed."""
        told = (await self.simulator.http.get(f"/payments/{ref}")).json() | changed
        event_id = event_id or f"evt_{ref}_{time.monotonic_ns()}"
        payload = {"id": event_id, "type": f"payment.{told['state']}", "data": told}
        return await self.deliver(msgspec.json.encode(payload))

    async def deliver(self, body: bytes, **headers: str) -> httpx.Response:
        """A signed body to the webhook route."""
        signed = {signature.HEADER: signature.sign(running.SECRET, body, int(time.time()))}
        return await self.http.post(
            "/webhooks/simulator", content=body, headers={**signed, **headers}
        )


@asynccontextmanager
async def open_desk(
    valkey: "redis.asyncio.Redis", valkey_url: str, database_url: str, folder: Path, **shop: Any
) -> AsyncIterator[Desk]:
    """Open all of it; ``shop``: see `open_shop`."""
    gateway, provider = running.free_port(), running.free_port()
    own_url, provider_url = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (gateway, provider))
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        opened = await enter(open_shop(valkey, database_url, **shop))
        app = create_app(
            GatewaySettings(secret_key=SECRET, rate_limits="off"),
            ValkeySettings(redis_url=valkey_url),
            DatabaseSettings(url=database_url, pool_size=4, max_overflow=8),
            ProviderSettings(
                simulator_url=provider_url,
                simulator_webhook_secret=running.SECRET,
                provider_timeout_s=1.0,
            ),
            MoneySettings(),
        )
        await enter(running.serving(app, gateway))
        simulated = App(folder, f"{own_url}/webhooks/simulator", running.SECRET)
        await enter(running.serving(simulated, provider))
        provider_http = await enter(httpx.AsyncClient(base_url=provider_url, trust_env=False))
        http = await enter(httpx.AsyncClient(base_url=own_url, trust_env=False, timeout=10))
        simulator = running.Running(provider_url, provider_http)
        yield Desk(app, http, People(app), opened, simulator)
