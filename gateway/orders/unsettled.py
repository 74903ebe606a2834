"""The orders of the store: those that Postgres does not have yet, or has not as new."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from gateway.orders.shapes import LineSeen, OrderSeen
from lua import keys
from lua.hold import Hold, latest_orders, read_hold
from lua.hold_states import order_state
from lua.order_ids import sale_and_lane
from lua.store import Store


async def read_unsettled(store: Store, order: str, currency: str) -> OrderSeen | None:
    """Return an order as the store has it; ``currency`` is that of its sale.

    Raises StoreUnreachable.
    """
    where = sale_and_lane(order)
    if where is None:
        return None
    hold = await read_hold(store, keys.lane_base(*where), order)
    return None if hold is None else seen(order, where[0], hold, currency)


async def read_latest(
    store: Store, user_id: int, sales: Sequence[int], currencies: dict[int, str]
) -> list[OrderSeen]:
    """Return a buyer's latest orders in the open ``sales``. Raises StoreUnreachable."""
    found = []
    for sale_id in sales:
        base = keys.lane_base(sale_id, keys.lane_of_user(user_id, keys.LANES_PER_SALE))
        for order in await latest_orders(store, base, user_id):
            hold = await read_hold(store, base, order)
            if hold is not None:
                found.append(seen(order, sale_id, hold, currencies[sale_id]))
    return found


def seen(order: str, sale_id: int, hold: Hold, currency: str) -> OrderSeen:
    """An order as its hold's record tells."""
    lines = msgspec.json.decode(hold.lines, type=list[tuple[int, int, int]])
    return OrderSeen(
        id=order,
        sale_id=sale_id,
        user_id=hold.user,
        status=order_state(hold.state),
        lines=[LineSeen(*line) for line in lines],
        total_minor=hold.total_minor,
        refunded_minor=0,
        currency=currency,
        created_at=_moment(hold.created_ms),
        expires_at=_moment(hold.deadline_ms),
        paid_at=None,
        updated_at=None,
        failed_reason=None,
        seq=hold.seq,
    )


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
