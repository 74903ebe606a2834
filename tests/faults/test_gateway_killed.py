"""A gateway that dies under load takes nobody's order with it."""

import time
from functools import partial

from loadtests.chaos.crowd import Crowd, Habits, buying
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import count
from loadtests.chaos.verdict import judge

KILLS = 2


def test_every_201_is_kept_and_every_key_has_one_answer(ground: Ground) -> None:
    """Those who give up have one order or none; those who ask again learn which."""
    sale = ground.open_sale(100_000)
    with buying(ground, sale, Habits(buyers=24, pause_s=0.005, gives_up=0.5)) as crowd:
        for kill in range(1, KILLS + 1):
            more_orders(ground, crowd, 100)
            print("killed -9:", ground.kill("gateway"))
            ground.wait(partial(lost, crowd, kill), 20, "lost answers")
            more_orders(ground, crowd, 1)
    print(dict(count(crowd.receipts)), dict(crowd.since(0)))
    assert judge(ground, crowd).broken == []
    assert count(crowd.receipts)["acknowledged"] > 100 * KILLS


def lost(crowd: Crowd, least: int) -> bool:
    return crowd.since(0)["lost"] >= least


def more_orders(ground: Ground, crowd: Crowd, number: int) -> None:
    """Wait until so many more were acknowledged."""
    began_s = time.monotonic()
    ground.wait(lambda: crowd.since(began_s)["201"] >= number, 20, "orders")
