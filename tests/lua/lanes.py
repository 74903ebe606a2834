"""Lanes to test on: opened with few words, and the ids and moments that the scripts are given."""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

import redis.asyncio
import uuid_utils.compat as uuid_utils

from lua.begin_payment import Paying, begin_payment
from lua.confirm import confirm
from lua.open import Item, Opened, Terms, open_lane
from lua.outcomes import Confirmed
from lua.reserve import Held, Outcome, reserve
from lua.retake import LateOrder
from lua.store import Store
from tests.lua.clock import ClockedStore

GENERATION: Final = 1
BASE: Final = "{1.0}"
PRODUCT: Final = 7
PRICE_MINOR: Final = 1_999
LONG_MS: Final = 60_000
"""A hold, a payment or a grace that lasts for the whole test."""


async def loaded(client: "redis.asyncio.Redis", generation: int) -> Store:
    """The store at a generation whose scripts the server has."""
    store = Store(client, generation)
    await store.load()
    return store


async def opened(
    store: Store,
    base: str = BASE,
    *,
    items: Sequence[Item] | None = None,
    units: int = 100,
    limit: int = 0,
    ttl_ms: int = LONG_MS,
    starts_ms: int = 0,
    ends_ms: int = 0,
    ceiling: int = 1_000_000,
) -> str:
    """Open a lane that sells `items`, or `units` of PRODUCT. Gives its base."""
    if items is None:
        items = [Item(PRODUCT, units, PRICE_MINOR, limit)]
    terms = Terms(starts_ms, ends_ms, ttl_ms, "EUR", ceiling)
    assert isinstance(await open_lane(store, base, terms, items), Opened)
    return base


def new_id() -> str:
    """A UUIDv7, for an order, a payment or a stock move."""
    return str(uuid_utils.uuid7())


def new_order(store: Store) -> str:
    """The id of an order that is made now, by the store's own clock if it has one."""
    return id_made_at(store.now_ms) if isinstance(store, ClockedStore) else new_id()


def id_made_at(moment_ms: int) -> str:
    """A UUID whose first digits say that it was made then."""
    digits = f"{moment_ms:012x}"
    return f"{digits[:8]}-{digits[8:]}{new_id()[13:]}"


async def server_ms(store: Store) -> int:
    """The clock that decides: the server's, or the one that stands in for it."""
    if isinstance(store, ClockedStore):
        return store.now_ms
    seconds, micros = await store.client.time()
    return int(seconds) * 1000 + int(micros) // 1000


async def wait_until(store: Store, moment_ms: int) -> None:
    """Return when that clock shows `moment_ms` or later."""
    if isinstance(store, ClockedStore):
        await store.set_clock(max(store.now_ms, moment_ms))
        return
    await asyncio.sleep(max(0, moment_ms - await server_ms(store)) / 1000)
    while await server_ms(store) < moment_ms:  # timers may be a little early
        pass


async def buy(
    store: Store,
    user: int,
    quantity: int = 1,
    *,
    base: str = BASE,
    key: str | None = None,
    order: str | None = None,
) -> Outcome:
    """Ask for units of PRODUCT, with an order and a key that nobody used before unless given."""
    order = order or new_order(store)
    return await reserve(store, base, order, user, key or order, [(PRODUCT, quantity)])


async def held(store: Store, user: int = 1, quantity: int = 1, *, base: str = BASE) -> str:
    """An order that is HELD."""
    order = new_order(store)
    assert isinstance(await buy(store, user, quantity, base=base, order=order), Held)
    return order


async def paying(store: Store, user: int = 1, *, base: str = BASE) -> tuple[str, str]:
    """An order that is PAYING, and its payment. Its deadline is that of the hold."""
    order, payment = await held(store, user, base=base), new_id()
    assert isinstance(await begin_payment(store, base, order, payment, 0), Paying)
    return order, payment


async def paid(store: Store, user: int = 1, *, base: str = BASE) -> tuple[str, str]:
    """An order that is PAID, and its payment."""
    order, payment = await held(store, user, base=base), new_id()
    assert await confirm(store, base, order, payment) == Confirmed()
    return order, payment


def lines_of(quantity: int = 1, product: int = PRODUCT) -> str:
    """One line as JSON, the way the scripts write it."""
    return json.dumps([[product, quantity, PRICE_MINOR]], separators=(",", ":"))


def late(order: str, user: int = 1, quantity: int = 1) -> LateOrder:
    """What Postgres knows of an order of PRODUCT."""
    return LateOrder(order, user, 1, quantity * PRICE_MINOR, lines_of(quantity))
