"""What an admin does: signs in, lists products, opens a sale, closes it."""

from typing import Any

from msgspec import Struct

from flashsale.demo.plan import CURRENCY, LIMIT, SHARES, Plan, units_of
from flashsale.demo.wire import Answer, Wire


class Refused(Exception):
    """The engine did not do what the play needs; carries its answer."""

    def __init__(self, asked: str, answer: Answer) -> None:
        super().__init__(f"{asked}: {answer.status} {answer.body[:300].decode(errors='replace')}")


class OpenSale(Struct, frozen=True):
    """The sale on stage, its products in the order of the plan."""

    id: int
    products: list[int]


class Staff:
    """An admin with a token."""

    def __init__(self, wire: Wire, token: str) -> None:
        self._wire = wire
        self._token = token

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call as the admin. Raises Refused, Lost."""
        answer = await self._wire.call(method, path, token=self._token, body=body)
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}", answer)
        return answer.json() if answer.body else None


async def sign_in(wire: Wire, email: str, password: str) -> Staff:
    """Raises Refused, Lost."""
    answer = await wire.call("POST", "/auth/login", body={"email": email, "password": password})
    if answer.status != 200:
        raise Refused("POST /auth/login", answer)
    return Staff(wire, answer.json()["access_token"])


async def open_sale(
    staff: Staff, plan: Plan, *, name: str = "Friday night drop", hold_ttl_s: int | None = None
) -> OpenSale:
    """List the products and open a sale of all their units. Raises Refused, Lost."""
    products, items = [], []
    for (title, (_, price_minor)), units in zip(SHARES.items(), units_of(plan.units), strict=True):
        made = await staff.call(
            "POST",
            "/products",
            {
                "name": title,
                "price_minor": price_minor,
                "currency": CURRENCY,
                "stock": units,
                "original_price_minor": price_minor * 2,
                "description": "Part of a sale that is staged to be watched.",
            },
        )
        products.append(made["id"])
        items.append({"product_id": made["id"], "units": units, "max_per_user": LIMIT})
    body = {"name": name, "hold_ttl_s": hold_ttl_s or plan.hold_ttl_s, "items": items}
    sale = await staff.call("POST", "/sales", body)
    await staff.call("POST", f"/sales/{sale['id']}/open")
    return OpenSale(sale["id"], products)


async def close_sale(staff: Staff, sale: OpenSale) -> None:
    """No new orders; what is not sold goes back. Raises Refused, Lost."""
    await staff.call("POST", f"/sales/{sale.id}/close")
