"""GET /products/{id} and its availability: the product, its sale, and what can be bought now."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter
from msgspec import Struct

from gateway.accounts.guards import require_admin
from gateway.catalogue.product import STOCK_MAX, Product
from gateway.catalogue.product_rows import find_product, open_sale_of
from gateway.openapi import BEARER
from gateway.paging import Id
from gateway.problems import Refused
from gateway.process import Process, process_of
from gateway.sales.read_sale import read_sale
from gateway.sales.sale import Sale, SaleTerms

Quantity = Annotated[int, QueryParameter(ge=1, le=STOCK_MAX)]


class ProductDetail(Product, frozen=True, kw_only=True):
    """A product with its open sale, if it is in one. available: what can be bought now."""

    sale: SaleTerms | None
    available: int


class Availability(Struct, frozen=True):
    """``enough``: whether the quantity asked for can be bought now."""

    available: int
    enough: bool


@get("/products/{product_id:int}", security=[{}, *BEARER], tags=["catalogue"])
async def show_product_route(
    request: Request[Any, Any, Any], product_id: Id
) -> Response[ProductDetail]:
    """Show a product with its pictures, its sale and what can be bought now."""
    listed = "active"
    if "authorization" in request.headers and await _is_admin(request):
        listed = "all"
    detail = await show_product(process_of(request), product_id, everything=listed == "all")
    return Response(detail, headers={"Cache-Control": "no-store"})


@get("/products/{product_id:int}/availability", tags=["catalogue"])
async def show_availability_route(
    request: Request[Any, Any, Any], product_id: Id, quantity: Quantity = 1
) -> Response[Availability]:
    """Tell how many can be bought now, and whether that is enough."""
    detail = await show_product(process_of(request), product_id)
    found = Availability(detail.available, detail.available >= quantity)
    return Response(found, headers={"Cache-Control": "no-store"})


async def show_product(
    process: Process, product_id: int, *, everything: bool = False
) -> ProductDetail:
    """Read a product, from the store what its sale has. Raises Refused, StoreUnreachable."""
    async with process.database.connect() as connection:
        product = await find_product(connection, product_id, "all" if everything else "active")
        selling = await open_sale_of(connection, product_id)
    if product is None:
        raise Refused("not_found", "There is no such product.")
    sale = None if selling is None else await read_sale(process, selling)
    return _detail(product, sale)


def _detail(product: Product, sale: Sale | None) -> ProductDetail:
    values = msgspec.structs.asdict(product)
    item = (
        next((item for item in sale.items if item.product_id == product.id), None) if sale else None
    )
    if sale is None or item is None:
        return ProductDetail(**values, sale=None, available=0)
    values["reserved_stock"] = item.available + item.held
    terms = SaleTerms(
        id=sale.id,
        name=sale.name,
        state=sale.state,
        starts_at=sale.starts_at,
        ends_at=sale.ends_at,
        server_time=sale.server_time,
        price_minor=item.price_minor,
        original_price_minor=item.original_price_minor,
        max_per_user=item.max_per_user,
    )
    available = item.available if sale.state == "live" else 0
    return ProductDetail(**values, sale=terms, available=available)


async def _is_admin(request: Request[Any, Any, Any]) -> bool:
    try:
        await require_admin(request)
    except Refused:
        return False
    return True
