"""No card and no personal data is kept, whatever a provider sends. R26, R29"""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from settlement.providers.scrub import LEFT_OUT, scrub

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*sorted(LEFT_OUT), "id", "amount", "data"]), inner)
    ),
    max_leaves=20,
)


def names(value: object) -> set[str]:
    """Every field's name at any depth."""
    if isinstance(value, dict):
        return set(value).union(*(names(inner) for inner in value.values()))
    return set().union(*(names(inner) for inner in value)) if isinstance(value, list) else set()


@given(st.dictionaries(st.sampled_from(["data", "card", "object"]), JSON))
def test_no_such_field_is_left_at_any_depth(said: dict[str, object]) -> None:
    assert not names(scrub(said)) & LEFT_OUT


def test_what_the_rules_need_is_left() -> None:
    said = {
        "id": "evt_1",
        "type": "payment_intent.succeeded",
        "data": {
            "object": {
                "id": "pi_1",
                "amount_received": 5,
                "currency": "usd",
                "metadata": {"payment_id": "p", "order_id": "o"},
                "charges": [{"billing_details": {"email": "a@b.c"}, "card": {"last4": "4242"}}],
                "receipt_email": "a@b.c",
            }
        },
    }
    kept = scrub(said)
    assert kept["data"]["object"]["metadata"] == {"payment_id": "p", "order_id": "o"}
    assert kept["data"]["object"]["charges"] == [{}]
    assert b"4242" not in msgspec.json.encode(kept)
    assert b"a@b.c" not in msgspec.json.encode(kept)


def test_a_bottomless_payload_ends_somewhere() -> None:
    said: dict[str, object] = {}
    inner = said
    for _ in range(100):
        inner["data"] = inner = {}
    assert len(msgspec.json.encode(scrub(said))) < 500
