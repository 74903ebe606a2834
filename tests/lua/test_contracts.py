"""What a script says of itself is what its binding sends and reads, and what its Lua answers."""

import importlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lua import keys, rebuild, scripts
from lua.adjust import adjust
from lua.begin_payment import begin_payment
from lua.close import close_lane
from lua.confirm import confirm
from lua.decline import decline
from lua.expire import expire
from lua.forget import forget
from lua.gate import set_gate
from lua.open import Item, Terms, open_lane
from lua.outcomes import Closed
from lua.pause import pause
from lua.refuse import refuse
from lua.release import release
from lua.reserve import digest, fingerprint, reserve
from lua.restock import restock
from lua.retake import LateOrder, retake
from lua.snapshot import snapshot
from lua.store import Argument, ScriptFailed, Store
from lua.sweep import sweep
from lua.trim import trim
from tests.lua.lane_state import fingerprint as content
from tests.lua.lanes import opened

NAMES = scripts.names()
ANSWER = re.compile(r'(?:return|refusal =) \{ "(\w+)"((?:[^{}]|\{[^{}]*\})*)\}')
# These answer a verdict again in the words it is stored in: no literal stands in the Lua.
STORED = {"confirm": {"retaken"}, "retake": {"confirmed"}, "refuse": {"confirmed", "retaken"}}

ORDER, PAYMENT, MOVE = (f"{n}" * 8 + "-0000-7000-8000-000000000000" for n in (1, 2, 3))
LINES = "[[7,2,1999]]"


class Recorder(Store):
    """A store that only writes down what a binding would send."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, tuple[Argument, ...]]] = []

    async def run(self, name: str, base: str, *arguments: Argument) -> list[Any]:
        self.sent.append((name, base, arguments))
        return [b"done", 1] if name == "rebuild" else [b"closed", b""]


Call = Callable[[Store, str], Awaitable[object]]
CALLS: list[tuple[str, Call, dict[str, Argument], list[Argument]]] = [
    # script, call of its binding, each argument by its name in the contract, then what repeats
    (
        "adjust",
        lambda s, b: adjust(s, b, MOVE, 7, -2),
        {"move": MOVE, "product": 7, "delta": -2},
        [],
    ),
    (
        "begin_payment",
        lambda s, b: begin_payment(s, b, ORDER, PAYMENT, 5),
        {"order": ORDER, "payment": PAYMENT, "extension_ms": 5},
        [],
    ),
    ("close", close_lane, {}, []),
    (
        "confirm",
        lambda s, b: confirm(s, b, ORDER, PAYMENT),
        {"order": ORDER, "payment": PAYMENT},
        [],
    ),
    (
        "decline",
        lambda s, b: decline(s, b, ORDER, PAYMENT, "why"),
        {"order": ORDER, "payment": PAYMENT, "reason": "why"},
        [],
    ),
    ("expire", lambda s, b: expire(s, b, 3, 4), {"most": 3, "grace_ms": 4}, []),
    ("forget", forget, {}, []),
    ("gate", lambda s, b: set_gate(s, b, "closed"), {"word": "closed"}, []),
    (
        "open",
        lambda s, b: open_lane(
            s, b, Terms(1, 2, 3, "EUR", 4), [Item(7, 10, 1999, 2), Item(8, 20, 500, 0)]
        ),
        {"starts_ms": 1, "ends_ms": 2, "hold_ttl_ms": 3, "currency": "EUR", "ceiling": 4},
        [7, 10, 1999, 2, 8, 20, 500, 0],
    ),
    ("pause", lambda s, b: pause(s, b, "paused"), {"state": "paused"}, []),
    (
        "rebuild",
        lambda s, b: rebuild.begin(
            s, b, 9, "conf", 20, 99, [rebuild.ItemTotals(7, 1999, 2, 10, 5, 3, 2)]
        ),
        {"step": "begin"},
        [9, "conf", 20, 99, 7, "1999 2", 10, 5, 3, 2],
    ),
    (
        "rebuild",
        lambda s, b: rebuild.put(s, b, "HOLDS", 2, [("a", "b"), ("c", "d")]),
        {"step": "put"},
        ["HOLDS", 2, "a", "b", "c", "d"],
    ),
    (
        "rebuild",
        lambda s, b: rebuild.queue(s, b, "PAYING", "", [(1, "a"), (2, "b")]),
        {"step": "queue"},
        ["PAYING", "", 1, "a", 2, "b"],
    ),
    (
        "refuse",
        lambda s, b: refuse(s, b, ORDER, PAYMENT, "late"),
        {"order": ORDER, "payment": PAYMENT, "reason": "late"},
        [],
    ),
    (
        "release",
        lambda s, b: release(s, b, ORDER, "CANCELLED", "wish", user=5, payment=PAYMENT),
        {"order": ORDER, "user": 5, "state": "CANCELLED", "reason": "wish", "payment": PAYMENT},
        [],
    ),
    (
        "reserve",
        lambda s, b: reserve(s, b, ORDER, 5, 'my "key"', [(7, 2), (8, 1)], 10, 60_000),
        {
            "order": ORDER,
            "user": 5,
            "digest": digest(5, 'my "key"'),
            "fingerprint": fingerprint([(8, 1), (7, 2)]),
            "key": b'"my \\"key\\""',
            "rate_limit": 10,
            "rate_period_ms": 60_000,
        },
        [7, 2, 8, 1],
    ),
    (
        "restock",
        lambda s, b: restock(s, b, MOVE, ORDER, 5, LINES),
        {"move": MOVE, "order": ORDER, "user": 5, "lines": LINES},
        [],
    ),
    (
        "retake",
        lambda s, b: retake(s, b, LateOrder(ORDER, 5, 12, 3998, LINES), PAYMENT),
        {
            "order": ORDER,
            "payment": PAYMENT,
            "user": 5,
            "created_ms": 12,
            "total_minor": 3998,
            "lines": LINES,
        },
        [],
    ),
    ("snapshot", snapshot, {}, []),
    ("sweep", lambda s, b: sweep(s, b, 6, 7), {"cursor": 6, "most": 7}, []),
    ("trim", lambda s, b: trim(s, b, "1-5", 99), {"keep_id": "1-5", "ceiling": 99}, []),
]


@pytest.mark.parametrize(("name", "call", "named", "repeated"), CALLS)
async def test_a_binding_sends_the_arguments_of_the_contract_in_their_order(
    name: str, call: Call, named: dict[str, Argument], repeated: list[Argument]
) -> None:
    recorder = Recorder()
    await call(recorder, "{1.0}")
    wanted = [word for word in scripts.contract(name).arguments if not word.endswith("...")]
    assert list(named) == wanted
    assert recorder.sent == [(name, "{1.0}", (*named.values(), *repeated))]


def test_every_script_has_a_binding_whose_arguments_are_checked() -> None:
    assert {name for name, _, _, _ in CALLS} == set(NAMES)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "snapshot"])
def test_the_binding_knows_the_words_and_slots_that_the_contract_promises(name: str) -> None:
    known = dict(importlib.import_module(f"lua.{name}").ANSWERS)
    if "closed" in scripts.contract(name).answers:
        known["closed"] = Closed
    slots = {word: kind.__struct_fields__ for word, kind in known.items()}
    assert slots == scripts.contract(name).answers


@pytest.mark.parametrize("name", NAMES)
def test_the_lua_answers_the_words_and_slots_of_its_contract_and_no_others(name: str) -> None:
    promised = scripts.contract(name).answers
    literal = {
        word: len(re.findall(r",(?![^()]*\))", re.sub(r"\([^()]*\)", "", slots)))
        for word, slots in ANSWER.findall(scripts.text(name, 1))
    }
    assert set(literal) | STORED.get(name, set()) == set(promised)
    assert literal == {word: len(promised[word]) for word in literal}


@pytest.mark.parametrize(("name", "call", "named", "repeated"), CALLS)
async def test_a_closed_gate_stops_every_script_that_says_so(
    store: Store, name: str, call: Call, named: dict[str, Argument], repeated: list[Argument]
) -> None:
    base = await opened(store)
    await set_gate(store, base, "open" if name == "rebuild" else "closed")
    before = await content(store.client)
    if name in {"gate", "open", "snapshot", "sweep"}:
        assert "closed" not in scripts.contract(name).answers
    elif "step" in named and named["step"] != "begin":
        with pytest.raises(ScriptFailed, match="Closed"):
            await call(store, base)
    else:
        gate = "open:1" if name == "rebuild" else "closed:1"
        assert await call(store, base) == Closed(gate)
    assert await content(store.client) == before


@pytest.mark.parametrize("name", NAMES)
def test_slots_of_keys_are_named_by_the_first_code_and_never_seen_again(name: str) -> None:
    text = scripts.text(name, 1)
    assert text.count("KEYS[") == 1
    assert text.count("ARGV[") == 0 or scripts.contract(name).arguments


def test_a_generation_has_its_own_scripts() -> None:
    shas = {scripts.sha(name, generation) for name in NAMES for generation in (1, 2)}
    assert len(shas) == 2 * len(NAMES)


async def test_every_script_loads_under_the_sha_that_the_bindings_call(store: Store) -> None:
    assert await store.has_scripts()
    for name in NAMES:
        assert await store.client.script_load(scripts.text(name, 1)) == scripts.sha(name, 1)


def test_the_scripts_that_must_work_when_memory_is_full_say_so_and_reserve_does_not() -> None:
    allowed = {name for name in NAMES if "allow-oom" in scripts.read_source(name).split("\n")[0]}
    assert allowed >= {"confirm", "release", "expire", "retake", "refuse", "decline"}
    assert allowed.isdisjoint({"reserve", "open", "adjust"})


@pytest.mark.parametrize("lanes", [1, 2, 7, 64])
def test_neighbouring_buyers_spread_over_the_lanes(lanes: int) -> None:
    found = [keys.lane_of_user(user, lanes) for user in range(1, 1_000 * lanes + 1)]
    assert min(found) >= 0
    assert max(found) < lanes
    for lane in range(lanes):
        assert 900 <= found.count(lane) <= 1_100


def test_a_lanes_base_is_read_back() -> None:
    assert keys.lane_of_base(keys.lane_base(12, 3)) == (12, 3)
    with pytest.raises(ValueError, match="not enough values"):
        keys.lane_of_base("{x}")
