"""The buyer changes her mind: the hold ends, its units go back; an open payment is ended first."""

from typing import assert_never

from gateway.orders.listing import read_detail
from gateway.orders.shapes import OrderDetail
from gateway.problems import Refused
from gateway.process import Process
from lua import keys, release
from lua.order_ids import sale_and_lane
from lua.outcomes import Closed, Unknown


async def cancel_order(process: Process, user_id: int, order: str) -> OrderDetail:
    """Cancel a buyer's unpaid order and return it; cancelling it again changes nothing.

    Raises Refused: not_found, not_cancellable, recovering, unavailable (the provider does not
    answer: nothing was changed, ask again).
    """
    detail = await own_order(process, user_id, order)
    where = sale_and_lane(order)
    if where is None:
        raise Refused("not_found")
    base = keys.lane_base(*where)
    outcome = await release.release(process.store, base, order, "CANCELLED", "buyer", user=user_id)
    match outcome:
        case release.Released():
            pass
        case release.Over(state=state):
            if state != "CANCELLED":
                raise Refused("not_cancellable", f"The order is {state}.")
        case release.StillPaying(payment=payment):
            await process.payments.end_then_cancel(order, payment)
        case Unknown():
            raise Refused("not_cancellable", f"The order is {detail.status}.")
        case Closed():
            raise Refused("recovering")
        case _:
            assert_never(outcome)
    return await own_order(process, user_id, order)


async def own_order(process: Process, user_id: int, order: str) -> OrderDetail:
    """Return a buyer's own order. Raises Refused (not_found) for everybody else's."""
    detail = await read_detail(process, order)
    if detail is None or detail.user_id != user_id:
        raise Refused("not_found", "There is no such order.")
    return detail
