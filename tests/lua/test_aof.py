"""A store that lost the end of its log is whole: any cut shows the state between two scripts.

kill -9 alone loses nothing, because the page cache survives it; so the file is cut.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis.asyncio
import redis.exceptions

from lua.confirm import confirm
from lua.open import Item
from lua.outcomes import Closed, Confirmed
from lua.release import release
from lua.reserve import Held, reserve
from lua.store import Store
from tests.lua.killable import KillableValkey, running
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import BASE, GENERATION, loaded, new_id, opened

ORDERS = 150
BASKET = [(7, 1), (8, 2)]
DEBUG = ("--enable-debug-command", "yes")
REWRITTEN = ["appendonly.aof.2.base.rdb", "appendonly.aof.2.incr.aof"]


async def some_traffic(store: Store) -> None:
    """A few hundred scripts of several kinds."""
    await opened(store, items=[Item(7, 10_000, 100, 0), Item(8, 10_000, 50, 0)])
    for user in range(1, ORDERS + 1):
        order = new_id()
        assert isinstance(await reserve(store, BASE, order, user, "k", BASKET), Held)
        if user % 3 == 0:
            assert await confirm(store, BASE, order, new_id()) == Confirmed()
        elif user % 3 == 1:
            await release(store, BASE, order, "CANCELLED", "wish")


async def rewrite_log(client: "redis.asyncio.Redis", valkey: KillableValkey) -> None:
    """Make the log short: what is cut is read again thousands of times."""
    await client.execute_command("BGREWRITEAOF")  # type: ignore[no-untyped-call]
    async with asyncio.timeout(20):
        while valkey.logs != REWRITTEN:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


async def last_scripts(store: Store, valkey: KillableValkey) -> dict[int, bytes]:
    """Run three more, of many writes each. Gives length of the log -> digest of the data there."""

    async def mark() -> None:
        found[valkey.aof_path.stat().st_size] = await digest(store.client)

    found: dict[int, bytes] = {}
    paid, given_up = new_id(), new_id()
    await reserve(store, BASE, paid, 901, "k", BASKET)
    await mark()
    await reserve(store, BASE, given_up, 902, "k", BASKET)
    await mark()
    await confirm(store, BASE, paid, new_id())
    await mark()
    await release(store, BASE, given_up, "CANCELLED", "wish")
    await mark()
    return found


async def digest(client: "redis.asyncio.Redis") -> bytes:
    """One number for all the data of the server."""
    return bytes(await client.execute_command("DEBUG", "DIGEST"))  # type: ignore[no-untyped-call]


async def read_log_again(client: "redis.asyncio.Redis", *, cut: bool) -> None:
    """What a start does, without the start. A log with a cut is an error here, but is loaded."""
    complaint = pytest.raises(redis.exceptions.ResponseError, match="load the AOF")
    with complaint if cut else contextlib.nullcontext():
        await client.execute_command("DEBUG", "LOADAOF")  # type: ignore[no-untyped-call]


@pytest.fixture
def valkey(short_dir: Path) -> Iterator[KillableValkey]:
    with running(short_dir, DEBUG) as server:
        yield server


async def test_a_log_cut_at_any_byte_shows_the_state_between_two_scripts(
    valkey: KillableValkey,
) -> None:
    """At every byte of the last three scripts; the server reads its log anew at each."""
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        store = await loaded(client, GENERATION)
        await some_traffic(store)
        await rewrite_log(client, valkey)
        states = await last_scripts(store, valkey)
        log = valkey.aof_path.read_bytes()
        first, *_, last = states
        assert len(states) == 4
        assert len(log) == last
        whole = first
        for size in range(first, last + 1):
            valkey.aof_path.write_bytes(log[:size])
            await read_log_again(client, cut=size not in states)
            whole = size if size in states else whole
            assert await digest(client) == states[whole], f"cut at {size} of {last}"
            if size == whole:
                await check_laws(store, BASE)


async def test_a_server_that_starts_on_a_cut_log_is_whole_and_sells_nothing_before_recovery(
    valkey: KillableValkey,
) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        store = await loaded(client, GENERATION)
        await some_traffic(store)
        states = await last_scripts(store, valkey)
        log = valkey.aof_path.read_bytes()
        ends = list(states)
        for whole, size in [
            (ends[2], ends[3] - 1),
            (ends[2], ends[2] + 1),
            (ends[1], (ends[1] + ends[2]) // 2),
            (ends[0], ends[0]),
        ]:
            valkey.kill()
            valkey.aof_path.write_bytes(log[:size])
            valkey.start()
            await client.connection_pool.disconnect()
            assert await digest(client) == states[whole]
            outcome = await reserve(store, BASE, new_id(), 1, "again", BASKET)
            assert outcome == Closed("noscript")
            await store.load()
            await check_laws(store, BASE)


async def test_what_was_acknowledged_outlives_kill_9(valkey: KillableValkey) -> None:
    async with redis.asyncio.Redis.from_url(valkey.url) as client:
        store = await loaded(client, GENERATION)
        await opened(store, items=[Item(7, 10_000, 100, 0), Item(8, 10_000, 50, 0)])
        acknowledged: set[str] = set()

        async def buyer(user: int) -> None:
            for attempt in range(1_000):
                order = new_id()
                outcome = await reserve(store, BASE, order, user, f"k{attempt}", [(7, 1)])
                assert isinstance(outcome, Held)
                acknowledged.add(order)

        buyers = [asyncio.ensure_future(buyer(user)) for user in range(1, 9)]
        while len(acknowledged) < 300:
            await asyncio.wait(buyers, timeout=0.001)
        valkey.kill()
        await asyncio.gather(*buyers, return_exceptions=True)
        valkey.start()
        await client.connection_pool.disconnect()
        await store.load()
        state = await check_laws(store, BASE)
        assert acknowledged <= set(state.holds)
        assert len(state.holds) <= len(acknowledged) + len(buyers)
