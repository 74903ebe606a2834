"""The provider's books are compared with ours payment by payment."""

import pytest

from flashsale.demo.books import Captured, Ours, judge

PAID = Ours("confirmed", "PAID", 1_000, 0)
BACK = Ours("refund", "EXPIRED", 1_000, 1_000)


def test_money_for_a_paid_order_and_money_that_is_back_are_right() -> None:
    assert judge(Captured("pay", 1_000, 0), PAID) is None
    assert judge(Captured("pay", 1_000, 1_000), BACK) is None
    assert judge(Captured("pay", 1_000, 400), Ours("retaken", "PAID", 1_000, 400)) is None


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [
        (Captured("pay", 1_000, 0), None, "know nothing"),
        (Captured("pay", 1_000, 0), Ours(None, "PENDING", 1_000, 0), "no verdict"),
        (Captured("pay", 1_000, 0), BACK, "we count 1000"),
        (Captured("pay", 1_000, 500), Ours("refund", "EXPIRED", 1_000, 500), "500 of 1000"),
        (Captured("pay", 1_000, 0), Ours("confirmed", "EXPIRED", 1_000, 0), "EXPIRED"),
        (Captured("pay", 900, 0), PAID, "paid 900 for 1000"),
    ],
)
def test_anything_else_is_wrong(theirs: Captured, ours: Ours | None, said: str) -> None:
    assert said in (judge(theirs, ours) or "")
