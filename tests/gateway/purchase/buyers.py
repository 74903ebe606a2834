"""Buyers for tests: tokens by user id, and a way to buy over HTTP."""

import uuid
from typing import Any

import httpx
from msgspec import Struct

from gateway.accounts.tokens import issue_access_token
from gateway.settings import GatewaySettings
from lua import keys
from tests.gateway.people import SECRET
from tests.settlement.shop import Shop

SETTINGS = GatewaySettings(secret_key=SECRET)


def token_of(user: int, **changed: Any) -> str:
    """A good access token of a user; ``changed`` are arguments of `issue_access_token`."""
    given: dict[str, Any] = {"session_id": uuid.uuid4(), "role": "customer", "version": 0}
    return issue_access_token(SETTINGS, user_id=user, **(given | changed))


async def announced(shop: Shop) -> None:
    """Tell gateways what the shop sells, as opening a sale does."""
    selling = {str(product): str(shop.sale) for product in shop.products}
    await shop.store.client.hset(keys.PRODUCTS, mapping=selling)  # type: ignore[misc]
    await shop.store.client.publish(keys.SALES_CHANNEL, str(shop.sale))


class Front(Struct):
    """Buyers in front of a shop."""

    http: httpx.AsyncClient
    shop: Shop

    async def buy(
        self,
        user: int,
        quantity: int = 1,
        *,
        key: str | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """POST /orders for the shop's first product, or ``body``."""
        wanted = body or {"product_id": self.shop.products[0], "quantity": quantity}
        sent = {"Authorization": f"Bearer {token_of(user)}"} | (headers or {})
        if key is not None:
            sent["Idempotency-Key"] = key
        return await self.http.post("/orders", json=wanted, headers=sent)
