"""POST /sales: draft a sale. Nothing is moved until it is opened."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from gateway.accounts.guards import CurrentUser, admin
from gateway.catalogue.product import STOCK_MAX, PriceMinor, UserLimit
from gateway.exceptions import invalid
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import ID_MAX
from gateway.problems import FieldError, Refused
from gateway.process import Process, process_of
from gateway.sales.read_sale import read_sale
from gateway.sales.sale import Sale
from gateway.sales.sale_rows import SellableProduct, insert_sale, sellable_products
from settlement.stock_moves.audit import By

ITEMS_MAX: Final = 200
"""The script that opens a lane runs about 2 us an item while everybody waits."""

Moment = Annotated[datetime, Meta(tz=True)]


class NewItem(Struct, frozen=True, forbid_unknown_fields=True):
    """Units of one product. price_minor, max_per_user: the product's own when left out."""

    product_id: Annotated[int, Meta(ge=1, le=ID_MAX)]
    units: Annotated[int, Meta(ge=1, le=STOCK_MAX)]
    price_minor: PriceMinor | None = None
    max_per_user: UserLimit | None = None


class NewSale(Struct, frozen=True, forbid_unknown_fields=True):
    """starts_at: now when left out. ends_at: never. hold_ttl_s: how long an unpaid order holds."""

    name: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"\S")]
    items: Annotated[list[NewItem], Meta(min_length=1, max_length=ITEMS_MAX)]
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    hold_ttl_s: Annotated[int, Meta(ge=1, le=86_400)] = 300


@post("/sales", guards=[admin], security=BEARER, tags=["sales"])
async def create_sale_route(
    request: Request[CurrentUser, Any, Any], data: JSONBody[NewSale]
) -> Response[Sale]:
    """Draft a sale of one or more products in one currency."""
    process = process_of(request)
    sale_id = await create_sale(process, data, audit.by(request))
    sale = await read_sale(process, sale_id)
    if sale is None:
        raise Refused("not_found")
    return Response(sale, headers={"Location": f"/sales/{sale_id}"})


async def create_sale(process: Process, new: NewSale, by: By) -> int:
    """Add a draft, audited; returns its id. Raises Refused (invalid_request)."""
    starts_at = new.starts_at or datetime.now(UTC)
    if new.ends_at is not None and new.ends_at <= max(starts_at, datetime.now(UTC)):
        raise invalid(FieldError("ends_at", "must be after the start and in the future"))
    products = [item.product_id for item in new.items]
    if len(set(products)) < len(products):
        raise invalid(FieldError("items", "each product once"))
    async with process.database.begin() as connection:
        found = await sellable_products(connection, products)
        currency = _assert_sellable(new, found)
        sale = {
            "name": new.name.strip(),
            "starts_at": starts_at,
            "ends_at": new.ends_at,
            "hold_ttl_s": new.hold_ttl_s,
            "currency": currency,
            "created_by": by.user_id,
        }
        items = [_item(item, found[item.product_id]) for item in new.items]
        sale_id = await insert_sale(connection, sale, items)
        await audit.record_by(
            connection,
            by,
            action="sale.created",
            subject="sale",
            subject_id=sale_id,
            after={**sale, "items": items},
        )
    return sale_id


def _assert_sellable(new: NewSale, found: dict[int, SellableProduct]) -> str:
    """Return the one currency of all products."""
    errors = [
        FieldError(f"items[{place}].product_id", "no such active product")
        for place, item in enumerate(new.items)
        if item.product_id not in found
    ]
    if errors:
        raise invalid(*errors)
    currencies = {product.currency for product in found.values()}
    if len(currencies) > 1:
        raise invalid(FieldError("items", f"one currency a sale, not {sorted(currencies)}"))
    return currencies.pop()


def _item(new: NewItem, product: SellableProduct) -> dict[str, Any]:
    price_minor = new.price_minor or product.price_minor
    usual = product.original_price_minor or product.price_minor
    return {
        "product_id": product.id,
        "units": new.units,
        "price_minor": price_minor,
        "original_price_minor": usual if usual > price_minor else None,
        "max_per_user": new.max_per_user or product.max_per_user,
    }
