"""Binding of ``open.lua``: puts a lane's units on sale."""

from collections.abc import Iterable

from msgspec import Struct

from lua.outcomes import Already, Closed
from lua.store import Store, read_answer


class Item(Struct, frozen=True):
    """What a lane sells of one product; ``limit`` per user, 0 for none."""

    product: int
    units: int
    price_minor: int
    limit: int


class Terms(Struct, frozen=True):
    """When and how a lane sells. Times are server milliseconds; 0 means none."""

    starts_ms: int
    ends_ms: int
    hold_ttl_ms: int
    currency: str
    ceiling: int


class Opened(Struct, frozen=True):
    """The lane exists now, its gate open; ``seq`` is its first journal entry."""

    seq: int


Outcome = Opened | Already | Closed
ANSWERS: dict[str, type[Outcome]] = {"opened": Opened, "already": Already}


async def open_lane(store: Store, base: str, terms: Terms, items: Iterable[Item]) -> Outcome:
    """Make the lane ``base`` unless it exists. Atomic. Raises StoreUnreachable, ScriptFailed."""
    arguments: list[int | str] = [
        terms.starts_ms,
        terms.ends_ms,
        terms.hold_ttl_ms,
        terms.currency,
        terms.ceiling,
    ]
    for item in items:
        arguments += [item.product, item.units, item.price_minor, item.limit]
    return read_answer("open", await store.run("open", base, *arguments), ANSWERS)
