"""Binding of ``reserve.lua``: arguments for the fast path's pipeline, and its answers."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from lua.outcomes import Closed, NotInSale
from lua.store import Store, read_answer


class Held(Struct, frozen=True):
    """The order was made, or had been made by this very call; ``lines`` is JSON
    ``[[product, quantity, unit_price_minor], ...]``."""

    created_ms: int
    deadline_ms: int
    total_minor: int
    currency: str
    lines: str


class Replayed(Struct, frozen=True):
    """The key is known with the same body: the order of the first call, as it was answered then."""

    order: str
    created_ms: int
    deadline_ms: int
    total_minor: int
    currency: str
    lines: str


class KeyReused(Struct, frozen=True):
    """The key is known with another body."""


class Overloaded(Struct, frozen=True):
    """The journal is full: settlement is too far behind."""


class ClockSkewed(Struct, frozen=True):
    """The order's id was made by a clock too far from the server's (``now_ms``)."""

    now_ms: int


class RateLimited(Struct, frozen=True):
    """Too many attempts of this buyer; one is free in ``retry_ms``."""

    retry_ms: int


class NotOpen(Struct, frozen=True):
    """``state``: scheduled, ended, paused, closing or closed. ``starts_ms`` 0: at once."""

    state: str
    starts_ms: int
    now_ms: int


class LimitReached(Struct, frozen=True):
    """The buyer's units of ``product`` would exceed ``limit``."""

    product: int
    limit: int


class SoldOut(Struct, frozen=True):
    """Fewer than asked for are available. ``back`` counts how often units came back to none left;
    ``next_due_ms`` is when the next hold of the item is over, 0: none."""

    product: int
    available: int
    back: int
    next_due_ms: int
    now_ms: int


Outcome = (
    Held
    | Replayed
    | KeyReused
    | Overloaded
    | ClockSkewed
    | RateLimited
    | NotOpen
    | NotInSale
    | LimitReached
    | SoldOut
    | Closed
)
ANSWERS: dict[str, type[Outcome]] = {
    "held": Held,
    "replayed": Replayed,
    "key_reused": KeyReused,
    "overloaded": Overloaded,
    "clock_skewed": ClockSkewed,
    "rate_limited": RateLimited,
    "not_open": NotOpen,
    "not_in_sale": NotInSale,
    "limit_reached": LimitReached,
    "sold_out": SoldOut,
}


def digest(user_id: int, key: str) -> str:
    """Return the 32 hex digits that stand for (user, idempotency key) in the store."""
    return hashlib.blake2b(f"{user_id}:{key}".encode(), digest_size=16).hexdigest()


def fingerprint(lines: Sequence[tuple[int, int]]) -> str:
    """Return the 16 hex digits that stand for a body: its (product, quantity) lines, ascending."""
    body = ",".join(f"{product}:{quantity}" for product, quantity in sorted(lines))
    return hashlib.blake2b(body.encode(), digest_size=8).hexdigest()


def arguments(
    order: str,
    user_id: int,
    key: str,
    lines: Sequence[tuple[int, int]],
    rate_limit: int,
    rate_period_ms: int,
) -> list[str | int | bytes]:
    """Return ``reserve``'s arguments; ``lines`` are distinct (product, quantity) pairs."""
    found: list[str | int | bytes] = [
        order,
        user_id,
        digest(user_id, key),
        fingerprint(lines),
        msgspec.json.encode(key),
        rate_limit,
        rate_period_ms,
    ]
    for product, quantity in lines:
        found += [product, quantity]
    return found


def read(reply: Sequence[Any]) -> Outcome:
    """Turn ``reserve``'s reply into its outcome. Raises UnknownAnswer."""
    return read_answer("reserve", reply, ANSWERS)


async def reserve(
    store: Store,
    base: str,
    order: str,
    user_id: int,
    key: str,
    lines: Sequence[tuple[int, int]],
    rate_limit: int = 0,
    rate_period_ms: int = 60_000,
) -> Outcome:
    """Take stock for one order, all lines or nothing; the same call again answers the same.

    Atomic. Raises StoreUnreachable (ask again with the same order and key), ScriptFailed.
    """
    found = arguments(order, user_id, key, lines, rate_limit, rate_period_ms)
    return read(await store.run("reserve", base, *found))
