"""A gateway that dies under load takes nobody's order with it."""

from loadtests.chaos.crowd import Habits, buying
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import count
from loadtests.chaos.verdict import judge

KILLS = 2


def test_every_201_is_kept_and_every_key_has_one_answer(ground: Ground) -> None:
    """Those who give up have one order or none; those who ask again learn which."""
    sale = ground.open_sale(100_000)
    with buying(ground, sale, Habits(buyers=24, pause_s=0.005, gives_up=0.5)) as crowd:
        for kill in range(1, KILLS + 1):
            before = len(crowd.answers)
            ground.wait(lambda at=before: len(crowd.answers) > at + 200, 20, "load")  # type: ignore[misc]
            print("killed -9:", ground.kill("gateway"))
            ground.wait(lambda at=kill: _lost(crowd.answers) >= at, 20, "lost answers")  # type: ignore[misc]
            before = len(crowd.answers)
            ground.wait(
                lambda at=before: "201" in {told for _, told in crowd.answers[at:]}, 20, "sales"
            )  # type: ignore[misc]
    print(dict(count(crowd.receipts)), dict(crowd.since(0)))
    assert judge(ground, crowd).broken == []
    assert count(crowd.receipts)["acknowledged"] > 300


def _lost(answers: list[tuple[float, str]]) -> int:
    return sum(told == "lost" for _, told in answers)
