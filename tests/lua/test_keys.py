"""Every key that the scripts write begins with the lane's base, whatever words they are given."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from flashsale.stack.engines import Engines
from lua import keys
from lua.reserve import arguments
from lua.store import Argument, ScriptFailed, Store
from tests.lua.lanes import BASE, GENERATION, PRODUCT, held, loaded, new_id, opened, paying

OTHER = "{2.0}"
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            OTHER,
            f"{OTHER}:lane",
            "}{2.0}",
            "{",
            "}",
            "*",
            "7}:{2.0",
            "{2.0}-0000-7000-8000-000000000000xx",
            "0" * 36,
            "-" * 36,
            "00000000-0000-7000-8000-00000000{2.0",
        ]
    ),
)
ID = new_id()
VALID: dict[str, list[Argument]] = {
    "reserve": arguments(ID, 1, "k", [(PRODUCT, 1)], 5, 60_000),
    "begin_payment": [ID, ID, 0],
    "decline": [ID, ID, "why"],
    "confirm": [ID, ID],
    "retake": [ID, ID, 1, 1, 1, "[[7,1,1]]"],
    "refuse": [ID, ID, "late"],
    "release": [ID, 0, "CANCELLED", "wish", "-"],
    "expire": [1, 1],
    "adjust": [ID, PRODUCT, 1],
    "restock": [ID, ID, 1, "[[7,1,1]]"],
    "pause": ["open"],
    "trim": ["-", 1_000_000],
    "sweep": [0, 10],
    "open": [0, 0, 1000, "EUR", 1000, 7, 1, 1, 1],
    "rebuild": ["put", "HOLDS", "0", "a", "b"],
}


class Server:
    """One lane with orders in several states, and one event loop, for all examples."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.client = redis.asyncio.Redis.from_url(url)
        self.store = self.runner.run(self._begin())

    async def _begin(self) -> Store:
        await self.client.flushall()
        store = await loaded(self.client, GENERATION)
        await opened(store)
        self.orders = [await held(store), (await paying(store, 2))[0]]
        return store

    def run(self, name: str, words: list[Argument]) -> None:
        """Run a script; that it refuses its words is fine."""

        async def call() -> None:
            with contextlib.suppress(ScriptFailed):
                await self.store.run(name, BASE, *words)

        self.runner.run(call())

    def foreign(self) -> list[bytes]:
        """Keys outside of the lane."""
        found = self.runner.run(self.client.keys())
        return [name for name in found if not name.startswith(BASE.encode() + b":")]


@pytest.fixture(scope="module")
def server(engines: Engines) -> Iterator[Server]:
    server = Server(engines.valkey.url)
    yield server
    server.runner.run(server.client.aclose())
    server.runner.close()


@settings(settings.get_profile("fixed"), max_examples=600)
@given(data=st.data(), name=st.sampled_from(sorted(VALID)), word=HOSTILE)
def test_no_word_leads_a_script_out_of_its_lane(
    server: Server, data: st.DataObject, name: str, word: str
) -> None:
    at = data.draw(st.integers(0, len(VALID[name]) - 1))
    hostile = word.encode("utf-8", "surrogatepass")
    server.run(name, [*VALID[name][:at], hostile, *VALID[name][at + 1 :]])
    assert server.foreign() == []


@settings(settings.get_profile("fixed"), max_examples=200)
@given(
    user=st.integers(1, 10**15 - 1),
    key=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    product=st.one_of(st.just(PRODUCT), st.integers(1, 10**15 - 1)),
    quantity=st.integers(1, 9_999),
)
def test_any_buyer_key_and_basket_stay_in_the_lane_and_in_the_journals_format(
    server: Server, user: int, key: str, product: int, quantity: int
) -> None:
    server.run("reserve", arguments(new_id(), user, key, [(product, quantity)], 5, 60_000))
    assert server.foreign() == []


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("bad", ["{2.0}", "7}", "{7", "7{2.0}7"])
def test_ids_with_braces_are_refused_before_they_reach_a_key(
    server: Server, bad: str, at: int
) -> None:
    calls: list[tuple[str, list[Argument]]] = [
        ("reserve", [*arguments(new_id(), 1, "k", [], 0, 1), bad, 1]),
        ("adjust", [new_id(), bad, 1]),
        ("open", [0, 0, 1000, "EUR", 1000, bad, 1, 1, 1]),
    ]
    name, words = calls[at]
    base = "{3.0}" if name == "open" else BASE
    with pytest.raises(ScriptFailed):
        server.runner.run(server.store.run(name, base, *words))
    assert server.foreign() == []


@settings(settings.get_profile("fixed"))
@given(sale=st.integers(0, 2**28 - 1), lane=st.integers(0, 255))
def test_all_keys_of_a_lane_have_one_hash_tag(sale: int, lane: int) -> None:
    base = keys.lane_base(sale, lane)
    assert keys.lane_of_base(base) == (sale, lane)
    for suffix in keys.SUFFIXES:
        name = keys.key(base, suffix, 7)
        assert name.startswith(base)
        assert name[name.index("{") + 1 : name.index("}")] == f"{sale}.{lane}"


@settings(settings.get_profile("fixed"))
@given(st.integers(0, 2**48 - 1))
def test_python_and_lua_agree_on_the_slot_of_an_order(made_ms: int) -> None:
    digits = f"{made_ms:012x}"
    order = f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"
    assert keys.hold_slot(order) == made_ms // keys.DAY_MS % keys.HOLD_SLOTS
