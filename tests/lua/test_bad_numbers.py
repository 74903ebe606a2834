"""What Lua would take for a number, and is none of ours, is refused before anything is written."""

import pytest

from lua import keys
from lua.reserve import arguments
from lua.store import Argument, ScriptFailed, Store
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import BASE, PRODUCT, held, lines_of, new_id, opened, paid

TRAPS = [
    "0x2",
    " 1",
    "1 ",
    "1e1",
    "nan",
    "inf",
    "-1",
    "1.5",
    "",
    "+1",
    "01",
    str(2**53 + 1),
    "9" * 40,
]
ORDER, PAYMENT, MOVE = new_id(), new_id(), new_id()
BUY = arguments(ORDER, 1, "k", [(PRODUCT, 1)], 0, 60_000)

# Script, arguments that are right, positions (from 0) of its numbers.
CALLS: list[tuple[str, list[Argument], list[int]]] = [
    ("reserve", BUY, [1, 7, 8]),
    ("begin_payment", [ORDER, PAYMENT, 0], [2]),
    ("retake", [ORDER, PAYMENT, 1, 1, 1999, lines_of()], [2, 3, 4]),
    ("expire", [10, 10], [0, 1]),
    ("adjust", [MOVE, PRODUCT, 1], [1, 2]),
    ("restock", [MOVE, ORDER, 1, lines_of()], [2]),
    ("trim", ["-", 10], [1]),
    ("sweep", [0, 10], [1]),
    ("open", [0, 0, 1000, "EUR", 1000, 7, 1, 1, 1], [0, 1, 2, 4, 5, 6, 7, 8]),
    ("rebuild", ["begin", 1, "c", 1, 1, 7, "1 1", 1, 1, 0, 0], [1, 4]),
]
TAKES_BACK = ("adjust", 2, "-1")
"""The one place where a number may be below 0."""


@pytest.mark.parametrize(
    ("name", "right", "at"), [(name, right, at) for name, right, all_at in CALLS for at in all_at]
)
async def test_a_number_that_is_none_is_refused_with_nothing_written(
    store: Store, name: str, right: list[Argument], at: int
) -> None:
    base = "{2.0}" if name in {"open", "rebuild"} else BASE
    await opened(store)
    await paid(store)
    before = await fingerprint(store.client)
    for trap in TRAPS:
        if (name, at, trap) != TAKES_BACK:
            with pytest.raises(ScriptFailed):
                await store.run(name, base, *right[:at], trap, *right[at + 1 :])
            assert await fingerprint(store.client) == before


@pytest.mark.parametrize("at", [5, 6])
@pytest.mark.parametrize("trap", ["nan", "-1", "", "x", "1 1"])
async def test_a_rate_that_is_no_number_is_refused(store: Store, at: int, trap: str) -> None:
    """Rates come from our own settings as integers; other spellings of numbers do no harm here."""
    await opened(store)
    before = await fingerprint(store.client)
    with pytest.raises(ScriptFailed):
        await store.run("reserve", BASE, *BUY[:at], trap, *BUY[at + 1 :])
    assert await fingerprint(store.client) == before


@pytest.mark.parametrize("quantity", ["0", "10000", "99999"])
async def test_a_quantity_is_from_1_to_9999(store: Store, quantity: str) -> None:
    await opened(store, units=1_000_000)
    with pytest.raises(ScriptFailed, match="1 to 9999"):
        await store.run("reserve", BASE, *BUY[:8], quantity)


async def test_a_product_may_stand_in_one_line_only(store: Store) -> None:
    await opened(store)
    before = await fingerprint(store.client)
    with pytest.raises(ScriptFailed, match="distinct"):
        await store.run("reserve", BASE, *BUY, 8, 1, PRODUCT, 1)
    assert await fingerprint(store.client) == before


@pytest.mark.parametrize(
    "lines",
    [
        "[]",
        "[[7,1]]",
        "[[7,1,1999],]",
        "[[7,1,1999]][[8,1,1]]",
        "[[7,1,1999],[7,1,1999]]",
        "[[7,0,1999]]",
        "[[07,1,1999]]",
        '[[7,1,1999]],"x"',
        "[[7,1,1999],[8]]",
        "7,1,1999",
        "",
    ],
)
@pytest.mark.parametrize("name", ["restock", "retake"])
async def test_lines_that_the_journal_could_not_be_read_with_are_refused(
    store: Store, name: str, lines: str
) -> None:
    await opened(store)
    order, _ = await paid(store)
    before = await fingerprint(store.client)
    words: list[Argument] = [ORDER, PAYMENT, 1, 1, 1999]
    if name == "restock":
        words = [MOVE, order, 1]
    with pytest.raises(ScriptFailed):
        await store.run(name, BASE, *words, lines)
    assert await fingerprint(store.client) == before


@pytest.mark.parametrize(
    "bad", ["", "x", "{1.0}:lane", "1" * 36, ORDER[:-1], ORDER + "0", ORDER[:-1] + "g"]
)
@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("begin_payment", [PAYMENT, 0]),
        ("confirm", [PAYMENT]),
        ("decline", [PAYMENT, "why"]),
        ("release", [0, "CANCELLED", "wish", "-"]),
        ("refuse", [PAYMENT, "late"]),
        ("retake", [PAYMENT, 1, 1, 1999, lines_of()]),
        ("adjust", [PRODUCT, 1]),
    ],
)
async def test_an_order_that_is_no_uuid_is_refused(
    store: Store, name: str, rest: list[Argument], bad: str
) -> None:
    await opened(store)
    await held(store)
    before = await fingerprint(store.client)
    with pytest.raises(ScriptFailed, match="UUID"):
        await store.run(name, BASE, bad, *rest)
    assert await fingerprint(store.client) == before


@pytest.mark.parametrize("reason", ["", "two words", 'quo"te', "a\nb", "a,b"])
@pytest.mark.parametrize(
    ("name", "words", "rest"),
    [
        ("decline", [ORDER, PAYMENT], []),
        ("release", [ORDER, 0, "CANCELLED"], ["-"]),
        ("refuse", [ORDER, PAYMENT], []),
    ],
)
async def test_a_reason_is_one_word(
    store: Store, name: str, words: list[Argument], rest: list[Argument], reason: str
) -> None:
    await opened(store)
    with pytest.raises(ScriptFailed, match="one word"):
        await store.run(name, BASE, *words, reason, *rest)


@pytest.mark.parametrize(
    "words",
    [
        [0, 0, keys.DAY_MS + 1, "EUR", 1000, 7, 1, 1, 1],
        [0, 0, 1000, "EUR", 1000],
        [0, 0, 1000, "EUR", 1000, 7, 1, 1],
        [0, 0, 1000, "EUR", 1000, 7, 1, 1, 1, 7, 1, 1, 1],
        [0, 0, 1000, "EUR", 1000, 7, 1, 10**11, 1],
        [0, 0, 1000, "euro", 1000, 7, 1, 1, 1],
    ],
    ids=["holds longer than a day", "no items", "half an item", "twice", "too dear", "no currency"],
)
async def test_terms_that_a_lane_could_not_keep_are_refused(
    store: Store, words: list[Argument]
) -> None:
    with pytest.raises(ScriptFailed):
        await store.run("open", BASE, *words)
    assert await fingerprint(store.client) == {}
