"""Valkey dies under load: no acknowledged order is lost, and sales go on by themselves."""

import time
from collections import Counter

from loadtests.chaos.crowd import Crowd, Habits, buying
from loadtests.chaos.engines import kill_valkey, start_valkey
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import count
from loadtests.chaos.verdict import judge
from tests.faults.frozen import frozen

REOPENED_S = 15.0
LOAD = Habits(buyers=24, pause_s=0.005, looks=0.3)


def test_no_201_is_lost_and_sales_reopen_by_themselves(ground: Ground) -> None:
    sale = ground.open_sale(100_000)
    with buying(ground, sale, LOAD) as crowd:
        some_orders(ground, crowd)
        print("killed -9:", kill_valkey(ground.stack.engines))
        away_s = time.monotonic()
        ground.wait(lambda: crowd.since(away_s)["recovering"] >= 24, 10, "503 recovering")
        start_valkey(ground.stack.engines)
        took_s = ground.wait(lambda: crowd.since(away_s)["201"] > 0, REOPENED_S, "sales")
        print(f"reopened {took_s:.2f} s after the start")
        some_orders(ground, crowd)
    assert set(crowd.since(away_s)) <= {"201", "recovering", "outcome_unknown"}
    assert judge(ground, crowd).broken == []
    assert count(crowd.receipts)["unknown"] == 0


def test_nothing_is_sold_before_the_worker_has_recovered(ground: Ground) -> None:
    """The worker sleeps: the store is there again, and every answer is still 503."""
    sale = ground.open_sale(100_000)
    with buying(ground, sale, LOAD) as crowd:
        some_orders(ground, crowd)
        with frozen(ground, "worker"):
            print("killed -9:", kill_valkey(ground.stack.engines))
            start_valkey(ground.stack.engines)
            started_s = time.monotonic()
            ground.supervise(1.5)
            told = crowd.since(started_s)
        assert told["recovering"] > 20
        assert told - Counter({"recovering": told["recovering"]}) <= Counter(outcome_unknown=24)
        ground.wait(lambda: crowd.since(started_s)["201"] > 0, REOPENED_S, "sales")
    assert judge(ground, crowd).broken == []


def some_orders(ground: Ground, crowd: Crowd) -> None:
    """Wait for a hundred more."""
    began_s = time.monotonic()
    ground.wait(lambda: crowd.since(began_s)["201"] >= 100, 20, "orders")
