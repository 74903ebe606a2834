"""The machines as data: closed, with the ends the design promises."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from migrations.states import (
    ORDER_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    SALE_TRANSITIONS,
    OrderStatus,
    PaymentStatus,
    RefundStatus,
    SaleState,
    reachable,
)

MACHINES: list[tuple[object, Mapping[Any, tuple[Any, ...]], set[str]]] = [
    (OrderStatus, ORDER_TRANSITIONS, {"REFUNDED"}),
    (PaymentStatus, PAYMENT_TRANSITIONS, {"REFUNDED"}),
    (RefundStatus, REFUND_TRANSITIONS, {"succeeded", "failed"}),
    (SaleState, SALE_TRANSITIONS, {"closed"}),
]


@pytest.mark.parametrize(("words", "machine", "ends"), MACHINES)
def test_a_machine_names_each_state_once_and_leads_only_to_its_own(
    words: object, machine: Mapping[Any, tuple[Any, ...]], ends: set[str]
) -> None:
    assert set(machine) == set(get_args(words))
    assert {state for following in machine.values() for state in following} <= set(machine)
    assert {state for state, following in machine.items() if not following} == ends


def test_a_batch_may_skip_but_never_go_back() -> None:
    pairs = reachable(ORDER_TRANSITIONS)
    assert ("PENDING", "REFUNDED") in pairs
    assert ("PAID", "PENDING") not in pairs
    assert ("CANCELLED", "PAID") not in pairs
    assert not [pair for pair in pairs if pair[0] == "REFUNDED"]
    assert not [pair for pair in pairs if pair[0] == pair[1]]
