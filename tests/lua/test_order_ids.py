"""An order's id is a UUIDv7 that tells its sale and lane, and is never made twice."""

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lua import keys
from lua.order_ids import LANE_BITS, SALE_BITS, new_order_id, sale_and_lane
from tests.lua.lanes import new_id

SALES = st.integers(0, 2**SALE_BITS - 1)
LANES = st.integers(0, 2**LANE_BITS - 1)


@given(sale=SALES, lane=LANES)
def test_an_id_tells_its_sale_lane_and_moment(sale: int, lane: int) -> None:
    before_ms = time.time_ns() // 1_000_000
    order = new_order_id(sale, lane)
    after_ms = time.time_ns() // 1_000_000
    assert sale_and_lane(order) == (sale, lane)
    read = uuid.UUID(order)
    assert str(read) == order
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert before_ms <= read.int >> 80 <= after_ms
    assert keys.hold_slot(order) == (read.int >> 80) // keys.DAY_MS % keys.HOLD_SLOTS


def test_ids_made_in_one_go_differ() -> None:
    assert len({new_order_id(1, 0) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(("sale", "lane"), [(2**SALE_BITS, 0), (0, 2**LANE_BITS), (-1, 0), (0, -1)])
def test_a_sale_or_lane_that_does_not_fit_is_refused(sale: int, lane: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        new_order_id(sale, lane)


@pytest.mark.parametrize("text", ["", "x", str(uuid.UUID(int=0)), str(uuid.uuid4())])
def test_other_texts_are_no_orders(text: str) -> None:
    assert sale_and_lane(text) is None


def test_a_uuidv7_of_somebody_else_names_some_sale() -> None:
    """Only the store knows whether there is such an order."""
    assert sale_and_lane(new_id()) is not None
