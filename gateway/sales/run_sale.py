"""POST /sales/{id}/open, /pause, /resume, /close: the course of a sale, each step audited."""

from typing import Any, assert_never

from litestar import Request, Response, post

from gateway.accounts.guards import CurrentUser, admin
from gateway.openapi import BEARER
from gateway.operations import audit
from gateway.paging import Id
from gateway.problems import Refused
from gateway.process import Process, process_of
from gateway.sales.read_sale import read_sale
from gateway.sales.sale import Sale
from settlement.stock_moves import outcomes
from settlement.stock_moves.end_sale import close_sale, pause_sale
from settlement.stock_moves.open_sale import open_sale

Asked = Request[CurrentUser, Any, Any]


def _step(word: str) -> post:
    return post(
        f"/sales/{{sale_id:int}}/{word}",
        status_code=200,
        guards=[admin],
        security=BEARER,
        tags=["sales"],
    )


@_step("open")
async def open_route(request: Asked, sale_id: Id) -> Response[Sale]:
    """Put a draft on sale: its units leave the products. Opening again changes nothing."""
    process = process_of(request)
    outcome = await open_sale(
        process.store,
        process.database,
        sale_id,
        process.valkey.journal_max,
        audit.by(request),
    )
    _assert_opened(outcome)
    return await _now(process, sale_id)


@_step("pause")
async def pause_route(request: Asked, sale_id: Id) -> Response[Sale]:
    """Take no new orders for a while; holds go on."""
    process = process_of(request)
    outcome = await pause_sale(
        process.store, process.database, sale_id, "paused", audit.by(request)
    )
    _assert_done(outcome)
    return await _now(process, sale_id)


@_step("resume")
async def resume_route(request: Asked, sale_id: Id) -> Response[Sale]:
    """Take orders again."""
    process = process_of(request)
    outcome = await pause_sale(process.store, process.database, sale_id, "open", audit.by(request))
    _assert_done(outcome)
    return await _now(process, sale_id)


@_step("close")
async def close_route(request: Asked, sale_id: Id) -> Response[Sale]:
    """End the sale: what is available goes back to the products, what is held may still be paid."""
    process = process_of(request)
    outcome = await close_sale(process.store, process.database, sale_id, audit.by(request))
    _assert_done(outcome)
    return await _now(process, sale_id)


async def _now(process: Process, sale_id: int) -> Response[Sale]:
    sale = await read_sale(process, sale_id)
    if sale is None:
        raise Refused("not_found", "There is no such sale.")
    return Response(sale, headers={"Cache-Control": "no-store"})


def _assert_opened(outcome: outcomes.OpenOutcome) -> None:
    match outcome:
        case outcomes.NotEnough(product=product, stock=stock):
            raise Refused(
                "insufficient_stock",
                f"Product {product} has {stock} units on hand.",
                product_id=product,
                stock=stock,
            )
        case outcomes.NotSellable(product=product):
            raise Refused(
                "product_inactive", f"Product {product} is not active.", product_id=product
            )
        case outcomes.OnSaleElsewhere(product=product):
            raise Refused(
                "product_on_sale", f"Product {product} is in an open sale.", product_id=product
            )
        case _:
            _assert_done(outcome)


def _assert_done(outcome: outcomes.EndOutcome) -> None:
    match outcome:
        case outcomes.Done():
            return
        case outcomes.NoSuchSale():
            raise Refused("not_found", "There is no such sale.")
        case outcomes.WrongState(state=state):
            raise Refused("sale_state", f"The sale is {state}.", state=state)
        case outcomes.Pending():
            raise Refused("recovering", "It is under way and will be finished. Ask again.")
        case _:
            assert_never(outcome)
