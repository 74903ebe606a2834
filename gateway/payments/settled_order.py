"""Waits until an order that was just made is in Postgres: a payment's row refers to it."""

import asyncio
import uuid
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.problems import Refused
from gateway.process import Process
from lua import keys
from lua.hold import read_hold
from lua.order_ids import sale_and_lane

WAIT_S: Final = 1.0
"""Settlement takes some 50 ms; when it takes a second, too much waits or a part is away."""
FIRST_PAUSE_S: Final = 0.02
LONGEST_PAUSE_S: Final = 0.1


async def wait_settled(process: Process, user_id: int, order_id: uuid.UUID) -> None:
    """Return when the buyer's own order is in Postgres.

    Raises Refused: not_found (no such order, or somebody else's), overloaded (not settled within a
    second: ask again); StoreUnreachable; what the database raises.
    """
    if await _is_settled(process.database, user_id, order_id):
        return
    await _assert_held(process, user_id, str(order_id))
    pause_s, deadline_s = FIRST_PAUSE_S, asyncio.get_running_loop().time() + WAIT_S
    while asyncio.get_running_loop().time() < deadline_s:
        await asyncio.sleep(pause_s)
        if await _is_settled(process.database, user_id, order_id):
            return
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    raise Refused("overloaded", "The order is not settled yet; ask again.")


async def _is_settled(engine: AsyncEngine, user_id: int, order_id: uuid.UUID) -> bool:
    """Raises Refused (not_found) for somebody else's order."""
    async with engine.connect() as connection:
        owner = await connection.scalar(
            text("SELECT user_id FROM orders WHERE id = :id"), {"id": order_id}
        )
    if owner is not None and owner != user_id:
        raise Refused("not_found", "There is no such order.")
    return owner is not None


async def _assert_held(process: Process, user_id: int, order: str) -> None:
    """An order that Postgres does not know is in the store, or nowhere."""
    where = sale_and_lane(order)
    hold = where and await read_hold(process.store, keys.lane_base(*where), order)
    if not hold or hold.user != user_id:
        raise Refused("not_found", "There is no such order.")
