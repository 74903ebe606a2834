"""Postgres dies under load: sales go on without it, and all of them are settled later.

`FAULTS=full` keeps it away for 20 s instead of 4.
"""

import os
import time
from collections.abc import Callable

import pytest

from loadtests.chaos.crowd import Habits, buying
from loadtests.chaos.engines import kill_postgres, start_postgres
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import count
from loadtests.chaos.verdict import judge

AWAY_S = 20.0 if os.environ.get("FAULTS") == "full" else 4.0
LOAD = Habits(buyers=8, pause_s=0.02)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("away_s", [0.0, AWAY_S], ids=["at once", "later"])
def test_sales_go_on_and_no_201_is_lost(ground: Ground, away_s: float) -> None:
    sale = ground.open_sale(100_000)
    with buying(ground, sale, LOAD) as crowd:
        sold = sold_since(crowd.since)
        ground.wait(lambda: sold(0) >= 50, 20, "orders")
        print("killed -9:", kill_postgres(ground.stack.engines))
        killed_s = time.monotonic()
        ground.supervise(away_s)
        if away_s:
            assert sold(time.monotonic() - 1) > 10
            print(f"{sold(killed_s)} orders in {away_s:g} s without Postgres")
        start_postgres(ground.stack.engines)
        back_s = time.monotonic()
        ground.wait(lambda: sold(back_s) >= 50, 20, "orders")
    assert set(crowd.since(killed_s)) == {"201"}
    assert judge(ground, crowd).broken == []
    assert set(count(crowd.receipts)) == {"acknowledged"}


def sold_since(since: Callable[[float], dict[str, int]]) -> Callable[[float], int]:
    return lambda began_s: since(began_s)["201"]
