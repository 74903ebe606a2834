"""GET /sales and GET /sales/{id}: sales with their numbers of now."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import QueryParameter

from gateway.accounts.guards import require_admin
from gateway.openapi import BEARER
from gateway.paging import Id, Page, PageNumber, PageSize
from gateway.problems import Refused
from gateway.process import process_of
from gateway.sales.read_sale import read_sale, read_sales
from gateway.sales.sale import Sale
from gateway.sales.sale_rows import list_rows
from migrations.states import SaleState

States = Annotated[
    SaleState | None,
    QueryParameter(name="state", description="as kept; open covers scheduled, live and paused"),
]


@get("/sales", security=[{}, *BEARER], tags=["sales"])
async def list_sales(
    request: Request[Any, Any, Any],
    kept: States = None,
    page: PageNumber = 1,
    limit: PageSize = 20,
) -> Response[Page[Sale]]:
    """List sales, newest first. Drafts are for admins."""
    states: list[SaleState] = ["open", "closing", "closed"] if kept is None else [kept]
    if kept == "draft":
        await require_admin(request)
    elif kept is None and await is_admin(request):
        states = ["draft", *states]
    process = process_of(request)
    async with process.database.connect() as connection:
        rows, total = await list_rows(connection, states=states, page=page, limit=limit)
        sales = await read_sales(process, connection, rows)
    return Response(Page(sales, page, limit, total), headers={"Cache-Control": "no-store"})


@get("/sales/{sale_id:int}", security=[{}, *BEARER], tags=["sales"])
async def show_sale(request: Request[Any, Any, Any], sale_id: Id) -> Response[Sale]:
    """Show a sale. A draft is for admins."""
    sale = await read_sale(process_of(request), sale_id)
    if sale is None or (sale.state == "draft" and not await is_admin(request)):
        raise Refused("not_found", "There is no such sale.")
    return Response(sale, headers={"Cache-Control": "no-store"})


async def is_admin(request: Request[Any, Any, Any]) -> bool:
    """Whether an admin asks; anybody else is no error where this is used."""
    if "authorization" not in request.headers:
        return False
    try:
        await require_admin(request)
    except Refused:
        return False
    return True
