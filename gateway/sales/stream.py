"""GET /sales/{id}/events: a sale's numbers as they change (server-sent events, WHATWG HTML 9.2)."""

from typing import Any

from litestar import get
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Stream

from gateway.paging import Id
from gateway.problems import Refused
from gateway.sales.watch import SaleWatch


def events_route(watch: SaleWatch) -> Any:
    """`GET /sales/{id}/events`."""

    @get(
        "/sales/{sale_id:int}/events",
        tags=["sales"],
        responses={
            200: ResponseSpec(bytes, media_type="text/event-stream", description="Events: stock")
        },
    )
    async def sale_events(sale_id: Id) -> Stream:
        """Stream the sale's state and numbers: event `stock`, the latest, at most one a second.

        The event's id is the position of the journal. Comments keep a quiet stream open.
        """
        events = await watch.watch(sale_id)
        if events is None:
            raise Refused("not_found", "There is no such sale.")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Stream(events, media_type="text/event-stream", headers=headers)

    return sale_events
