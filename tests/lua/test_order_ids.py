"""An order's id is a UUIDv7 that tells its sale and lane, and is never made twice."""

import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lua.order_ids import LANE_BITS, SALE_BITS, new_order_id, sale_and_lane

sales, lanes = st.integers(0, 2**SALE_BITS - 1), st.integers(0, 2**LANE_BITS - 1)


@settings(settings.get_profile("fixed"))
@given(sales, lanes)
def test_an_id_tells_its_sale_its_lane_and_its_time(sale: int, lane: int) -> None:
    order = new_order_id(sale, lane)
    made = uuid.UUID(order)
    assert str(made) == order
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert sale_and_lane(order) == (sale, lane)
    assert abs((made.int >> 80) - time.time() * 1000) < 10_000


def test_ids_made_in_one_breath_differ() -> None:
    made = [new_order_id(7, 0) for _ in range(10_000)]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(("sale", "lane"), [(2**SALE_BITS, 0), (0, 2**LANE_BITS), (-1, 0)])
def test_a_sale_or_lane_that_does_not_fit_is_refused(sale: int, lane: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        new_order_id(sale, lane)


@settings(settings.get_profile("fixed"))
@given(st.text(max_size=40))
def test_any_other_text_tells_nothing(text: str) -> None:
    assert sale_and_lane(text) is None


def test_a_uuid_of_another_kind_tells_nothing() -> None:
    assert sale_and_lane(str(uuid.uuid4())) is None
