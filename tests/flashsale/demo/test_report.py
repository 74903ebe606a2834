"""The last page names every promise, and says so when one is broken."""

import io
from collections.abc import Callable

from rich.console import Console

from flashsale.demo.books import Books
from flashsale.demo.lines import line
from flashsale.demo.live import bar, picture
from flashsale.demo.plan import Plan
from flashsale.demo.promises import LAWS, draw_up
from flashsale.demo.report import print_report
from flashsale.demo.seen import Placed, Seen
from flashsale.demo.watching import Watched
from flashsale.demo.witnesses import WITNESSES, Play, Rows
from settlement.laws.check import FAST, THOROUGH
from settlement.laws.law import Law

NAMES = ["settlement_follows", *(law.__name__ for law in (*FAST, *THOROUGH))]


def play() -> Play:
    """One buyer bought the one unit there was, and clicked twice."""
    seen, watched = Seen(), Watched(["Lamp"])
    order = Placed("01890000-0000-7000-8000-000000000001", 1, 1_000)
    seen.place("key", order, again=False)
    seen.place("key", order, again=True)
    watched.look({"state": "live", "items": [{"units": 1, "available": 0, "held": 1, "sold": 0}]})
    rows = Rows({"PAID": 1}, frozenset({order.id}), units_paid=1, units_home=0)
    return Play(1, seen, watched, Books(1, 0, 1_000, 0, 1_000, ()), rows)


def laws(broken: str = "") -> list[Law]:
    return [Law(name, name != broken, f"numbers of {name}") for name in NAMES]


def test_every_law_belongs_to_a_promise_and_every_promise_has_a_witness() -> None:
    assert WITNESSES.keys() == LAWS.keys()
    assert {promise.name for promise in draw_up(laws(), play())} == {*LAWS}


def test_a_good_play_keeps_every_promise() -> None:
    assert all(promise.ok for promise in draw_up(laws(), play()))


def test_a_broken_law_breaks_its_promise_and_no_other() -> None:
    for name in NAMES:
        broken = [promise for promise in draw_up(laws(name), play()) if not promise.ok]
        assert len({promise.name for promise in broken}) in {1, 2}, name
        assert any(name in wrong for promise in broken for wrong in promise.wrong)


def test_what_only_buyers_can_see_breaks_promises_too() -> None:
    cases: dict[str, Callable[[Play], None]] = {
        "Never oversold": lambda one: one.watched.look(
            {"state": "live", "items": [{"units": 1, "available": 1, "held": 1, "sold": 0}]}
        ),
        "Acknowledged means settled, once": lambda one: one.seen.place(
            "other", Placed("01890000-0000-7000-8000-000000000002", 1, 1_000), again=False
        ),
        "Retries are safe": lambda one: one.seen.place(
            "key", Placed("01890000-0000-7000-8000-000000000003", 1, 1_000), again=True
        ),
    }
    for name, change in cases.items():
        changed = play()
        change(changed)
        assert name in {promise.name for promise in draw_up(laws(), changed) if not promise.ok}


def test_the_page_can_be_read_without_a_terminal() -> None:
    out = io.StringIO()
    found = play()
    print_report(Console(file=out, width=160), Plan(), found, draw_up(laws("ends_once"), found))
    text = out.getvalue()
    assert "BROKEN  A hold ends once: ends_once: numbers of ends_once" in text
    assert f"{len(LAWS) - 1} of {len(LAWS)} promises held" in text


def test_the_screen_draws_before_and_after_the_first_numbers() -> None:
    out = io.StringIO()
    console = Console(file=out, width=120)
    console.print(picture(Seen(), Watched(["Lamp"]), 0.0))
    found = play()
    found.watched.judge(laws())
    console.print(picture(found.seen, found.watched, 3.0))
    assert "1 held" in out.getvalue()
    assert "1 units = 0 available + 1 held + 0 sold" in line(found.seen, found.watched, 3.0)


def test_a_bar_shows_every_part_that_is_not_empty() -> None:
    shown = bar(1_000, {"sold": 1, "held": 1, "available": 998}, width=20)
    assert len(shown.plain) == 20
    assert len(shown.spans) == 3
