"""The way to the store: what it is told of the server, and how trouble is named."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio

from flashsale.stack.engines import Engines
from lua import keys
from lua.connect import NotDurable, assert_durable, connect
from lua.hold import latest_orders, read_hold
from lua.settings import ValkeySettings
from lua.snapshot import snapshot
from lua.store import Store, StoreUnreachable
from tests.lua.killable import running
from tests.lua.lanes import BASE, buy, new_id


@pytest.fixture
async def lost(short_dir: Path) -> AsyncIterator[Store]:
    """A store whose server was killed after it had answered."""
    with running(short_dir) as valkey:
        client = connect(ValkeySettings(redis_url=valkey.url, redis_timeout_s=1))
        await client.ping()
        valkey.kill()
        yield Store(client, 1)
        await client.aclose()


async def test_a_server_that_is_gone_is_unreachable_whatever_is_asked(lost: Store) -> None:
    for question in (
        lambda: buy(lost, 1),
        lambda: snapshot(lost, BASE),
        lambda: read_hold(lost, BASE, new_id()),
        lambda: latest_orders(lost, BASE, 1),
        lost.refresh,
        lost.has_scripts,
        lambda: assert_durable(lost.client),
    ):
        with pytest.raises(StoreUnreachable):
            await question()


async def test_a_store_believes_the_generation_that_the_server_names(store: Store) -> None:
    assert await store.refresh() == 0
    assert not await store.has_scripts()
    await store.client.set(keys.GENERATION, 1)
    assert await store.refresh() == 1
    assert await store.has_scripts()


async def test_scripts_that_are_lost_in_part_are_lost(store: Store) -> None:
    await store.client.script_flush()
    assert not await store.has_scripts()
    await store.load()
    assert await store.has_scripts()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("appendfsync", "everysec"), ("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")],
)
async def test_a_server_that_may_forget_is_refused(
    short_dir: Path, setting: str, value: str
) -> None:
    with running(short_dir) as valkey:
        async with redis.asyncio.Redis.from_url(valkey.url) as client:
            await assert_durable(client)
            await client.config_set(setting, value)
            with pytest.raises(NotDurable, match=setting) as refused:
                await assert_durable(client)
            assert refused.value.setting == setting


async def test_the_embedded_server_is_durable_by_the_settings_of_the_engine(
    engines: Engines,
) -> None:
    async with connect(ValkeySettings(redis_url=engines.valkey.url)) as client:
        await assert_durable(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"redis_url": "http://x"},
        {"journal_max": 999},
        {"payment_extension_s": 3_601},
        {"expiring_grace_s": 0},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).upper()):
        ValkeySettings(**{"redis_url": "redis://x", **wrong})  # type: ignore[arg-type]


def test_settings_never_show_a_password() -> None:
    assert "hidden" not in repr(ValkeySettings(redis_url="redis://user:hidden@host/0"))
