"""The buyers' receipts find what Postgres has too much, too little or otherwise."""

import msgspec

from loadtests.chaos.receipts import OrderRow, Receipt, breaches

HELD = Receipt(1, 7, "k", 2, order="a", total_minor=10)
REFUSED = Receipt(1, 7, "r", 2, refusal="sold_out")
UNKNOWN = Receipt(1, 7, "u", 2)
ROW = OrderRow("a", 1, 7, "k", 2, 10)


def row(**changed: object) -> OrderRow:
    return msgspec.structs.replace(ROW, **changed)


def test_what_buyers_were_told_is_what_there_is() -> None:
    receipts = [HELD, REFUSED, UNKNOWN]
    assert breaches(receipts, [ROW]) == []
    assert breaches(receipts, [ROW, row(id="b", key="u")]) == []


def test_every_difference_is_a_breach() -> None:
    for wrong in (
        [],
        [row(id="b")],
        [row(total_minor=11)],
        [row(quantity=1)],
        [ROW, row(id="b")],
        [ROW, row(id="b", key="r")],
        [ROW, row(id="b", key="u"), row(id="c", key="u")],
        [ROW, row(id="b", key="nobody's")],
        [ROW, row(id="b", user=8)],
    ):
        assert len(breaches([HELD, REFUSED, UNKNOWN], wrong)) == 1, wrong
