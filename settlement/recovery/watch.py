"""Tells whether the store may serve, by everything that a restart or a restore would change."""

from typing import Any, Literal

import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from lua import keys
from lua.store import Store
from migrations.engine import raw_connection
from settlement.drain.lanes import Connection, Lane, read_lanes

log = structlog.get_logger(__name__)


class Health(Struct, frozen=True):
    """``serving``; ``reload``: only scripts are missing, on the server that was left serving;
    ``recover``: nothing may be sold before recovery. ``reason`` is for people."""

    need: Literal["serving", "reload", "recover"]
    reason: str


async def look(store: Store, engine: AsyncEngine) -> Health:
    """Compare the store with Postgres. Raises StoreUnreachable and what the database raises."""
    async with raw_connection(engine) as connection:
        generation = await read_generation(connection)
        lanes = await read_lanes(connection)
    served = await store.refresh()
    if served != generation:
        return Health("recover", f"the store serves generation {served}, Postgres has {generation}")
    if await store.client.get(keys.SERVER) != await run_id(store):
        return Health("recover", "the server was restarted or replaced")
    for lane in lanes:
        wrong = await _lane_is_wrong(store, lane, generation)
        if wrong:
            return Health("recover", wrong)
    if not await store.has_scripts():
        return Health("reload", "scripts are missing")
    return Health("serving", f"generation {generation}")


async def read_generation(connection: Connection) -> int:
    """Return the store's generation as Postgres has it."""
    return int(await connection.fetchval("SELECT generation FROM store_generation"))


async def run_id(store: Store) -> bytes:
    """Return the identity of the running server process."""
    info: dict[str, Any] = await store.client.info("server")
    return str(info["run_id"]).encode()


async def _lane_is_wrong(store: Store, lane: Lane, generation: int) -> str | None:
    fields = await store.client.hmget(  # type: ignore[misc]
        keys.key(lane.base, "LANE"), ["gate", "seq"]
    )
    gate, seq = fields
    if lane.cursor.seq == 0 and seq is None:
        return None  # being opened: the intent is in Postgres, the lane not yet in the store
    if gate != f"open:{generation}".encode():
        return f"lane {lane.base} has gate {gate!r} at generation {generation}"
    if int(seq) < lane.cursor.seq:
        return f"lane {lane.base} is at {int(seq)}, settled up to {lane.cursor.seq}"
    return None
