"""What the store says of a sale now: every lane at one moment, added up."""

import asyncio
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from lua import keys
from lua.snapshot import LaneNow, read
from lua.store import Store, StoreUnreachable

LaneState: TypeAlias = Literal["open", "paused", "closing", "closed"]


class Numbers(Struct, frozen=True):
    """One item's units over all lanes."""

    units: int
    available: int
    held: int
    sold: int


class StoreNumbers(Struct, frozen=True):
    """A sale in the store. position: of the journal, one ``<generation>-<seq>`` a lane."""

    state: LaneState
    position: str
    now: datetime
    items: dict[int, Numbers]


async def read_numbers(store: Store, sale_id: int, lanes: int) -> StoreNumbers | None:
    """Read every lane of a sale; None when the store has none of them: not yet, or no more.

    Raises StoreUnreachable, also while the store has no scripts of ours.
    """
    found = await asyncio.gather(
        *(_read_lane(store, keys.lane_base(sale_id, lane)) for lane in range(lanes))
    )
    present = [lane for lane in found if lane is not None]
    return _add_up(present, store.generation) if present else None


async def _read_lane(store: Store, base: str) -> LaneNow | None:
    reply = await store.run("snapshot", base)
    if reply[0] == b"closed":
        await store.refresh()
        reply = await store.run("snapshot", base)
    if reply[0] == b"closed":
        raise StoreUnreachable("the store serves no generation")
    return read(reply)


def _add_up(lanes: list[LaneNow], generation: int) -> StoreNumbers:
    items: dict[int, Numbers] = {}
    for lane in lanes:
        for product, item in lane.items.items():
            before = items.get(product, Numbers(0, 0, 0, 0))
            items[product] = Numbers(
                before.units + item.units,
                before.available + item.available,
                before.held + item.held,
                before.sold + item.sold,
            )
    return StoreNumbers(
        state=_state({lane.state for lane in lanes}),
        position=",".join(f"{generation}-{lane.seq}" for lane in lanes),
        now=datetime.fromtimestamp(max(lane.now_ms for lane in lanes) / 1000, UTC),
        items=items,
    )


def _state(found: set[str]) -> LaneState:
    """Lanes change one after the other; what one of them no longer does, the sale does not."""
    if found == {"closed"}:
        return "closed"
    if found & {"closing", "closed"}:
        return "closing"
    return "paused" if "paused" in found else "open"
