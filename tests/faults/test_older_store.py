"""Valkey comes back from an older copy, behind Postgres: closed until rebuilt, never oversold."""

from contextlib import ExitStack
from pathlib import Path

from loadtests.chaos.crowd import Crowd, Habits, buying
from loadtests.chaos.engines import copy_store, kill_valkey, restore_store, start_valkey
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import Receipt, count
from loadtests.chaos.verdict import judge, units_of, verify
from loadtests.stage.sales import OnSale
from tests.faults.frozen import frozen

UNITS = 200
ONE_EACH = Habits(buyers=8, pause_s=0.02, quantity_max=1)


def test_nothing_is_sold_before_recovery_and_exactly_the_rest_after(
    ground: Ground, tmp_path: Path
) -> None:
    sale = ground.open_sale(UNITS)
    receipts = sell(ground, sale, 60, seed=1)
    copy_store(ground.stack.engines, tmp_path / "older")
    receipts += sell(ground, sale, 60, seed=2)
    assert {law.name for law in verify(ground) if not law.ok} == set()  # waits for settlement
    settled = units_of(ground, sale)
    with ExitStack() as ends:
        with frozen(ground, "worker"):
            print("killed -9:", kill_valkey(ground.stack.engines))
            restore_store(ground.stack.engines, tmp_path / "older")
            start_valkey(ground.stack.engines)
            crowd = ends.enter_context(buying(ground, sale, ONE_EACH, seed=3))
            ground.supervise(1.0)
            assert set(crowd.since(0)) == {"recovering"}
        ground.wait(lambda: crowd.since(0)["201"] > 0, 15, "sales")
        ground.wait(lambda: crowd.since(0)["sold_out"] > 20, 20, "the end of the stock")
    crowd.receipts[:0] = receipts
    assert judge(ground, crowd).broken == []
    assert settled[2] == count(receipts)["acknowledged"] > 120
    assert units_of(ground, sale) == (UNITS, 0, UNITS, 0)
    assert count(crowd.receipts)["acknowledged"] == UNITS


def sell(ground: Ground, sale: OnSale, orders: int, seed: int) -> list[Receipt]:
    """Sell a little more than that."""
    with buying(ground, sale, ONE_EACH, seed) as crowd:
        ground.wait(lambda: acknowledged(crowd) > orders, 20, "orders")
    assert crowd.contradictions == []
    return crowd.receipts


def acknowledged(crowd: Crowd) -> int:
    return count(crowd.receipts)["acknowledged"]
