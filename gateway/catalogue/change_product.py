"""PATCH /products/{id}/...: one property at a time, of the version that the caller has seen."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from litestar import Request, Response, patch
from litestar.params import HeaderParameter, JSONBody
from msgspec import Meta, Struct

from gateway.accounts.guards import CurrentUser, admin
from gateway.catalogue.prices import discounted, repriced
from gateway.catalogue.product import STOCK_MAX, Name, PriceMinor, Product, Stock
from gateway.catalogue.product_rows import lock_product, units_in_sale, update_product
from gateway.exceptions import invalid
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import Id
from gateway.problems import FieldError, Refused
from gateway.process import process_of

Asked = Request[CurrentUser, Any, Any]
Values = Mapping[str, Any]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match", max_length=64)]
"""The version to change, plain or as an entity tag; without it, whatever version there is."""


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """The new price. An original price that is not above it any more goes away."""

    price_minor: PriceMinor


class Discount(Struct, frozen=True, forbid_unknown_fields=True):
    """Percent off the original price, between 0 and 100, both excluded."""

    discount_percentage: Annotated[float, Meta(gt=0, lt=100)]


class StockOnHand(Struct, frozen=True, forbid_unknown_fields=True):
    """Units on hand that no sale has been given."""

    stock: Stock


class Title(Struct, frozen=True, forbid_unknown_fields=True):
    """The new name."""

    name: Name


def _patch(what: str) -> patch:
    path = f"/products/{{product_id:int}}/{what}"
    return patch(path, guards=[admin], security=BEARER, tags=["catalogue"])


@_patch("price")
async def change_price(
    request: Asked, product_id: Id, data: JSONBody[Price], if_match: IfMatch = None
) -> Response[Product]:
    """Set the price. A running sale keeps its own."""
    return await _change(
        request,
        product_id,
        if_match,
        "product.repriced",
        lambda before, _: repriced(before, data.price_minor),
    )


@_patch("discount")
async def change_discount(
    request: Asked, product_id: Id, data: JSONBody[Discount], if_match: IfMatch = None
) -> Response[Product]:
    """Take percent off the original price, which is kept beside the new one."""
    return await _change(
        request,
        product_id,
        if_match,
        "product.discounted",
        lambda before, _: discounted(before, data.discount_percentage),
    )


@_patch("stock")
async def change_stock(
    request: Asked, product_id: Id, data: JSONBody[StockOnHand], if_match: IfMatch = None
) -> Response[Product]:
    """Set the units on hand. Units in an open sale are changed there."""
    return await _change(
        request,
        product_id,
        if_match,
        "product.restocked",
        lambda _, in_sale: _stock(data.stock, in_sale),
    )


@_patch("name")
async def change_name(
    request: Asked, product_id: Id, data: JSONBody[Title], if_match: IfMatch = None
) -> Response[Product]:
    """Rename."""
    return await _change(
        request, product_id, if_match, "product.renamed", lambda _, __: {"name": data.name}
    )


@_patch("activate")
async def activate(request: Asked, product_id: Id, if_match: IfMatch = None) -> Response[Product]:
    """List the product again."""
    return await _change(
        request, product_id, if_match, "product.activated", lambda _, __: {"is_active": True}
    )


@_patch("deactivate")
async def deactivate(request: Asked, product_id: Id, if_match: IfMatch = None) -> Response[Product]:
    """Take the product off the list. A sale that runs goes on."""
    return await _change(
        request, product_id, if_match, "product.deactivated", lambda _, __: {"is_active": False}
    )


async def _change(
    request: Asked,
    product_id: int,
    if_match: str | None,
    action: str,
    decide: Callable[[Product, int], Values],
) -> Response[Product]:
    """Lock the product, check its version, change it and write it down, in one transaction.

    decide: (product, its units in an open sale) -> the values to set.
    Raises Refused: not_found, version_conflict, or what ``decide`` raises.
    """
    async with process_of(request).database.begin() as connection:
        before = await lock_product(connection, product_id)
        if before is None:
            raise Refused("not_found", "There is no such product.")
        _assert_version(before, if_match)
        values = decide(before, await units_in_sale(connection, product_id))
        after = await update_product(connection, product_id, values, request.user.id)
        await audit.record_by(
            connection,
            audit.by(request),
            action=action,
            subject="product",
            subject_id=product_id,
            before={name: getattr(before, name) for name in values},
            after=values,
        )
    return Response(after, headers={"ETag": f'"{after.version}"'})


def _assert_version(found: Product, if_match: str | None) -> None:
    if if_match is None or if_match.strip() == "*":
        return
    wanted = if_match.strip().removeprefix("W/").strip('"')
    if not wanted.isdecimal():
        raise invalid(FieldError("If-Match", "must be a version"))
    if int(wanted) != found.version:
        raise Refused(
            "version_conflict", f"The product is at version {found.version}.", version=found.version
        )


def _stock(stock: int, in_sale: int) -> Values:
    """What a sale gives back must fit beside what is on hand, or it could not be booked."""
    if stock + in_sale > STOCK_MAX:
        raise invalid(FieldError("stock", f"with {in_sale} in a sale, at most {STOCK_MAX} in all"))
    return {"stock": stock}
