"""An admin at work: products and sales over HTTP, and a drainer that settles what comes of it."""

from typing import Any

import httpx
from msgspec import Struct

from gateway.app import Application
from settlement.drain.drainer import Drainer
from tests.gateway.people import People, Person


class Desk(Struct, frozen=True):
    """``admin`` asks; ``drainer`` settles when told to."""

    app: Application
    http: httpx.AsyncClient
    admin: Person
    people: People
    drainer: Drainer

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask as the admin; ``If_Match`` in the keywords is the header If-Match."""
        sent = self.admin.headers | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.http.request(method, path, json=body, headers=sent)

    async def product(self, **fields: Any) -> dict[str, Any]:
        """A new product; a mug at 12.00 with 100 on hand unless said otherwise."""
        given = {"name": "Blue mug", "price_minor": 1200, "stock": 100} | fields
        answer = await self.ask("POST", "/products", given)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def draft(self, *items: dict[str, Any], **fields: Any) -> int:
        """A draft of a sale; returns its id."""
        given = {"name": "Rush", "items": list(items)} | fields
        answer = await self.ask("POST", "/sales", given)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def open_sale(self, product_id: int, units: int = 10, **fields: Any) -> int:
        """An open sale of one product, settled; returns its id."""
        sale_id = await self.draft({"product_id": product_id, "units": units}, **fields)
        answer = await self.ask("POST", f"/sales/{sale_id}/open")
        assert answer.status_code == 200, answer.text
        await self.drainer.drain()
        return sale_id

    async def show(self, path: str) -> dict[str, Any]:
        """What an admin sees there."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def buy(self, product_id: int, quantity: int = 1) -> dict[str, Any]:
        """A new customer's hold."""
        customer = await self.people.customer()
        answer = await self.http.post(
            "/orders",
            json={"product_id": product_id, "quantity": quantity},
            headers=customer.headers,
        )
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json() | {"headers": customer.headers}
        return order
