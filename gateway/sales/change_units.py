"""POST /sales/{id}/items/{product_id}/units: more units for a running sale, or fewer."""

from typing import Annotated, Any, assert_never

from litestar import Request, Response, post
from litestar.params import HeaderParameter, JSONBody
from msgspec import Meta, Struct

from gateway.accounts.guards import CurrentUser, admin
from gateway.catalogue.product import STOCK_MAX
from gateway.exceptions import invalid
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import Id
from gateway.problems import FieldError, Refused
from gateway.process import process_of
from gateway.sales.read_sale import read_sale
from gateway.sales.sale import Sale
from settlement.stock_moves import outcomes
from settlement.stock_moves.move_units import move_units

Key = Annotated[
    str | None,
    HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[ -~]+$"),
]


class Delta(Struct, frozen=True, forbid_unknown_fields=True):
    """Units from the product to the sale; below 0 back to the product. Not 0."""

    delta: Annotated[int, Meta(ge=-STOCK_MAX, le=STOCK_MAX)]


@post(
    "/sales/{sale_id:int}/items/{product_id:int}/units",
    status_code=200,
    guards=[admin],
    security=BEARER,
    tags=["sales"],
)
async def change_units(
    request: Request[CurrentUser, Any, Any],
    sale_id: Id,
    product_id: Id,
    data: JSONBody[Delta],
    idempotency_key: Key = None,
) -> Response[Sale]:
    """Add units to an item of an open sale, or take back some that are available."""
    if data.delta == 0:
        raise invalid(FieldError("delta", "must not be 0"))
    process = process_of(request)
    outcome = await move_units(
        process.store,
        process.database,
        sale_id,
        product_id,
        data.delta,
        key=idempotency_key,
        by=audit.by(request),
    )
    _assert_done(outcome)
    sale = await read_sale(process, sale_id)
    if sale is None:
        raise Refused("not_found", "There is no such sale.")
    return Response(sale, headers={"Cache-Control": "no-store"})


def _assert_done(outcome: outcomes.MoveOutcome) -> None:
    match outcome:
        case outcomes.Done():
            return
        case outcomes.NoSuchSale():
            raise Refused("not_found", "There is no such sale.")
        case outcomes.NoSuchItem():
            raise Refused("not_found", "The sale has no such item.")
        case outcomes.WrongState(state=state):
            raise Refused("sale_state", f"The sale is {state}.", state=state)
        case outcomes.NotEnough(stock=stock):
            raise Refused(
                "insufficient_stock", f"The product has {stock} units on hand.", stock=stock
            )
        case outcomes.InUse(available=available):
            raise Refused("units_in_use", f"{available} are available.", available=available)
        case outcomes.KeyReused():
            raise Refused("idempotency_key_reused")
        case outcomes.Pending():
            raise Refused("recovering", "It is under way and will be finished. Ask again.")
        case _:
            assert_never(outcome)
