"""A full memory stops new orders, and nothing else: holds are paid, cancelled and expire."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio
import redis.exceptions

from lua.confirm import confirm
from lua.decline import StillHeld, decline
from lua.expire import Expired, expire
from lua.outcomes import Confirmed, Refund, Retaken
from lua.refuse import refuse
from lua.release import Released, release
from lua.reserve import Held
from lua.retake import retake
from lua.snapshot import snapshot
from lua.store import ScriptFailed, Store
from lua.sweep import Swept, sweep
from lua.trim import Trimmed, trim
from tests.lua.clock import GENERATION, ClockedStore, clocked
from tests.lua.killable import running
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import (
    BASE,
    buy,
    held,
    late,
    new_id,
    opened,
    paying,
)

TTL_MS = 300_000


@pytest.fixture
async def small_store(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ClockedStore]:
    """A server of its own, which `fill` may fill."""
    with running(short_dir) as valkey:
        async with redis.asyncio.Redis.from_url(valkey.url) as client:
            yield await clocked(client, monkeypatch)


async def fill(store: Store) -> None:
    """No memory is left: writes are refused."""
    await store.client.config_set("maxmemory", 1)
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        await store.client.set("one", "more")


async def test_an_order_is_refused_and_nothing_changed(small_store: ClockedStore) -> None:
    await opened(small_store, units=1, ttl_ms=TTL_MS)
    await held(small_store)
    await small_store.pass_ms(TTL_MS)
    await fill(small_store)
    before = await fingerprint(small_store.client)
    with pytest.raises(ScriptFailed, match="maxmemory"):
        await buy(small_store, 2)
    assert await fingerprint(small_store.client) == before
    await check_laws(small_store, BASE)
    await small_store.client.config_set("maxmemory", 0)
    assert isinstance(await buy(small_store, 2), Held)


async def test_holds_end_in_every_way(small_store: ClockedStore) -> None:
    base = await opened(small_store, ttl_ms=TTL_MS)
    overdue, (asked, _) = await held(small_store, 1), await paying(small_store, 2)
    await small_store.pass_ms(TTL_MS)
    await fill(small_store)
    assert await expire(small_store, base, 10, 0) == Expired(1, 1)
    assert await expire(small_store, base, 10, 0) == Expired(1, 0)
    assert await retake(small_store, base, late(overdue, 1), new_id()) == Retaken()
    assert await confirm(small_store, base, asked, new_id()) != Confirmed()
    state = await check_laws(small_store, base)
    assert {state.holds[overdue].state, state.holds[asked].state} == {"PAID", "EXPIRED"}


async def test_payments_are_ruled_and_buyers_may_cancel(small_store: ClockedStore) -> None:
    base = await opened(small_store)
    paid, cancelled = await held(small_store, 1), await held(small_store, 2)
    declined, payment = await paying(small_store, 3)
    await fill(small_store)
    assert await confirm(small_store, base, paid, new_id()) == Confirmed()
    assert await confirm(small_store, base, paid, new_id()) == Refund("duplicate")
    assert await refuse(small_store, base, paid, new_id(), "mismatch") == Refund("mismatch")
    assert await release(small_store, base, cancelled, "CANCELLED", "wish") == Released()
    answer = await decline(small_store, base, declined, payment, "card_declined")
    assert isinstance(answer, StillHeld)
    await check_laws(small_store, base)


async def test_what_frees_memory_goes_on(small_store: ClockedStore) -> None:
    base = await opened(small_store)
    order = await held(small_store, 1)
    await release(small_store, base, order, "CANCELLED", "wish")
    await small_store.pass_ms(TTL_MS)
    await fill(small_store)
    assert await sweep(small_store, base, 0, 100) == Swept(0, 1)
    assert await trim(small_store, base, f"{GENERATION}-3", 1_000) == Trimmed(2)
    now = await snapshot(small_store, base)
    assert now is not None
    assert now.entries == 1
