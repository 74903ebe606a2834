"""POST /products: add a product to the catalogue."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Struct

from gateway.accounts.guards import CurrentUser, admin
from gateway.catalogue.product import (
    Currency,
    Description,
    Name,
    PriceMinor,
    Product,
    Sku,
    Stock,
    UserLimit,
)
from gateway.catalogue.product_rows import SkuTaken, insert_product
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.problems import Refused
from gateway.process import Process, process_of
from settlement.stock_moves.audit import By


class NewProduct(Struct, frozen=True, forbid_unknown_fields=True):
    """price_minor: in the smallest unit of the currency, at most 10,000,000.00. stock: units on
    hand. max_per_user: of this product in one sale, unless the sale says otherwise."""

    name: Name
    price_minor: PriceMinor
    currency: Currency = "USD"
    stock: Stock = 0
    sku: Sku | None = None
    description: Description | None = None
    original_price_minor: PriceMinor | None = None
    max_per_user: UserLimit | None = None


@post("/products", guards=[admin], security=BEARER, tags=["catalogue"])
async def create_product_route(
    request: Request[CurrentUser, Any, Any], data: JSONBody[NewProduct]
) -> Response[Product]:
    """Add a product; it is active at once."""
    product = await create_product(process_of(request), data, audit.by(request))
    headers = {"Location": f"/products/{product.id}", "ETag": f'"{product.version}"'}
    return Response(product, headers=headers)


async def create_product(process: Process, new: NewProduct, by: By) -> Product:
    """Add a product, audited. Raises Refused (sku_taken)."""
    try:
        async with process.database.begin() as connection:
            product = await insert_product(connection, msgspec.structs.asdict(new), by.user_id)
            await audit.record_by(
                connection,
                by,
                action="product.created",
                subject="product",
                subject_id=product.id,
                after=product,
            )
    except SkuTaken:
        raise Refused("sku_taken") from None
    return product
