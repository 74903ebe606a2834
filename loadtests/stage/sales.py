"""Products and sales, made over HTTP as an admin."""

import itertools
from typing import Any, Final

import httpx
from msgspec import Struct

from loadtests.stage.servers import HOST
from lua.keys import lane_base

PRICE_MINOR: Final = 1_999
TIMEOUT_S: Final = 30.0
_numbers = itertools.count(1)


class OnSale(Struct, frozen=True):
    """An open sale of one product in one lane."""

    sale_id: int
    product_id: int

    @property
    def base(self) -> str:
        """The lane's key base."""
        return lane_base(self.sale_id, 0)


class Admin:
    """Somebody with an admin's token at a gateway."""

    def __init__(self, port: int, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"http://{HOST}:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
        )

    def open_sale(self, units: int, *, hold_ttl_s: int = 3_600) -> OnSale:
        """A new product, and a new sale that sells `units` of it now, 1,000,000 at most, without
        a limit per user.

        Raises:
            httpx.HTTPStatusError: the gateway refused.
        """
        name = f"bench {next(_numbers)}"
        product = self._post("/products", name=name, price_minor=PRICE_MINOR, stock=units)
        items = [{"product_id": product["id"], "units": units}]
        sale = self._post("/sales", name=name, hold_ttl_s=hold_ttl_s, items=items)
        self._post(f"/sales/{sale['id']}/open")
        return OnSale(sale["id"], product["id"])

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def _post(self, path: str, **body: object) -> Any:
        answer = self._client.post(path, json=body) if body else self._client.post(path)
        return _checked(answer).json()


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise httpx.HTTPStatusError(
            f"{asked}: {answer.status_code} {answer.text}",
            request=answer.request,
            response=answer,
        )
    return answer
