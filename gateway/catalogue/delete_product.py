"""DELETE /products/{id}: off every list now, purged later."""

from typing import Any

from litestar import Request, delete

from gateway.accounts.guards import CurrentUser, admin
from gateway.catalogue.product_rows import lock_product, open_sale_of, soft_delete
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import Id
from gateway.problems import Refused
from gateway.process import process_of


@delete("/products/{product_id:int}", guards=[admin], security=BEARER, tags=["catalogue"])
async def delete_product(request: Request[CurrentUser, Any, Any], product_id: Id) -> None:
    """Delete a product that is in no open sale. Its orders and history stay."""
    async with process_of(request).database.begin() as connection:
        before = await lock_product(connection, product_id)
        if before is None:
            raise Refused("not_found", "There is no such product.")
        selling = await open_sale_of(connection, product_id)
        if selling is not None:
            raise Refused("product_on_sale", f"Sale {selling} has units of it.")
        await soft_delete(connection, product_id, request.user.id)
        await audit.record_by(
            connection,
            audit.by(request),
            action="product.deleted",
            subject="product",
            subject_id=product_id,
            before=before,
        )
