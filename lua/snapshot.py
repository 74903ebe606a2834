"""Binding of ``snapshot.lua``: a whole lane, read at one moment."""

from typing import Any

from msgspec import Struct

from lua import keys
from lua.store import UNREACHABLE, Store, StoreUnreachable


class ItemNow(Struct, frozen=True):
    """One item's units; ``units = available + held + sold`` at every moment."""

    product: int
    price_minor: int
    limit: int
    units: int
    available: int
    held: int
    sold: int
    back: int


class LaneNow(Struct, frozen=True):
    """A lane at ``seq``: its gate, state (open, paused, closing, closed), window and items.

    Times are server milliseconds; 0 means none. ``entries`` is the journal's length.
    """

    gate: str
    state: str
    starts_ms: int
    ends_ms: int
    hold_ttl_ms: int
    currency: str
    opened_ms: int
    seq: int
    ceiling: int
    now_ms: int
    entries: int
    half_rebuilt: bool
    """A recovery began to write it anew and did not come to its end."""
    items: dict[int, ItemNow]


def read(reply: list[Any]) -> LaneNow | None:
    """Turn ``snapshot``'s reply into a lane; None when the store has none, or no script."""
    if reply[0] != b"snapshot":
        return None
    flat = [value.decode() for value in reply[3]]
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    state, starts_ms, ends_ms, hold_ttl_ms, currency, opened_ms = fields["conf"].split()
    items = {int(product): _item(fields, product) for product in fields["items"].split(",")}
    return LaneNow(
        gate=fields.get("gate", ""),
        state=state,
        starts_ms=int(starts_ms),
        ends_ms=int(ends_ms),
        hold_ttl_ms=int(hold_ttl_ms),
        currency=currency,
        opened_ms=int(opened_ms),
        seq=int(fields["seq"]),
        ceiling=int(fields["ceiling"]),
        now_ms=reply[1],
        entries=reply[2],
        half_rebuilt="rebuilding" in fields,
        items=items,
    )


async def snapshot(store: Store, base: str) -> LaneNow | None:
    """Read the lane ``base`` whatever its gate says. Raises StoreUnreachable, ScriptFailed."""
    return read(await store.run("snapshot", base))


async def read_currency(store: Store, base: str) -> str | None:
    """Read a lane's currency without a script: a store that is closed tells it, too.

    None when the store has no such lane. Raises StoreUnreachable.
    """
    try:
        conf = await store.client.hget(keys.key(base, "LANE"), "conf")  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    return None if conf is None else conf.decode().split()[4]


def _item(fields: dict[str, str], product: str) -> ItemNow:
    price_minor, limit = fields[f"terms:{product}"].split()
    units, available, held, sold = (
        int(fields[f"{total}:{product}"]) for total in ("units", "available", "held", "sold")
    )
    return ItemNow(
        product=int(product),
        price_minor=int(price_minor),
        limit=int(limit),
        units=units,
        available=available,
        held=held,
        sold=sold,
        back=int(fields.get(f"back:{product}", 0)),
    )
