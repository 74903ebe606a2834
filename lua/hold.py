"""Reads a hold's record, the one line of text that the scripts keep of an order."""

from typing import Final

from msgspec import Struct

from lua import keys
from lua.store import UNREACHABLE, Store, StoreUnreachable

FIELDS: Final = 8


class Hold(Struct, frozen=True):
    """What the store knows of an order. ``state``: a hold state, or the order's final state;
    ``payment`` is "-" when none is open or paid; ``lines`` is JSON as in `reserve.Held`."""

    state: str
    seq: int
    user: int
    created_ms: int
    deadline_ms: int
    total_minor: int
    payment: str
    lines: str


def read(record: bytes) -> Hold:
    """Turn a record into a Hold. Raises ValueError for anything else."""
    words = record.decode().split(" ")
    if len(words) != FIELDS:
        raise ValueError(f"not a hold's record: {record!r}")
    state, seq, user, created_ms, deadline_ms, total_minor, payment, lines = words
    return Hold(
        state,
        int(seq),
        int(user),
        int(created_ms),
        int(deadline_ms),
        int(total_minor),
        payment,
        lines,
    )


def write(hold: Hold) -> str:
    """Return the record of a hold, as the scripts would write it."""
    return (
        f"{hold.state} {hold.seq} {hold.user} {hold.created_ms} {hold.deadline_ms}"
        f" {hold.total_minor} {hold.payment} {hold.lines}"
    )


async def read_hold(store: Store, base: str, order: str) -> Hold | None:
    """Read the record of one order; None when the store has none. Raises StoreUnreachable."""
    try:
        record = await store.client.hget(keys.holds_key(base, order), order)  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    return read(record) if record else None


async def latest_orders(store: Store, base: str, user: int) -> list[str]:
    """Return the ids of a buyer's latest orders in the lane, ten at most, newest first.

    Raises StoreUnreachable.
    """
    try:
        record = await store.client.hget(keys.key(base, "USERS"), str(user))  # type: ignore[misc]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    orders = record.decode().split(" ")[2] if record else "-"
    return [] if orders == "-" else orders.split(",")


def products(hold: Hold) -> list[str]:
    """Return the products of a hold's lines."""
    return [line.split(",")[0] for line in hold.lines.strip("[]").split("],[")]
