"""The lean check accepts what PyJWT accepts of our tokens, and refuses all that PyJWT refuses."""

import base64
import json
import time
import uuid
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.accounts.tokens import Claims, InvalidToken, read_access_token
from gateway.purchase.lean_token import LeanToken
from tests.gateway.people import SECRET
from tests.gateway.purchase.buyers import SETTINGS, token_of

LONG_KEY = SECRET * 2
LEAN = LeanToken(SECRET)
NOW = int(time.time())
GOOD: dict[str, Any] = {
    "sub": "7",
    "sid": str(uuid.UUID(int=7)),
    "role": "customer",
    "typ": "access",
    "ver": 0,
    "iat": NOW - 10,
    "exp": NOW + 3_600,
}


def by_pyjwt(token: bytes) -> Claims | None:
    try:
        return read_access_token(SETTINGS, token.decode())
    except (InvalidToken, UnicodeDecodeError):
        return None


@given(st.integers(1, 2**53), st.integers(0, 1000), st.sampled_from(["customer", "admin"]))
def test_every_token_we_issue_is_read_the_same(user: int, version: int, role: Any) -> None:
    token = token_of(user, version=version, role=role).encode()
    assert LEAN.check(token) == by_pyjwt(token)
    assert LEAN.check(token) is not None


@given(st.data())
def test_a_changed_token_is_refused_wherever_it_was_changed(data: st.DataObject) -> None:
    token = bytearray(jwt.encode(GOOD, SECRET, "HS256").encode())
    at = data.draw(st.integers(0, len(token) - 1))
    token[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != token[at]))
    assert LEAN.check(bytes(token)) is None


odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip


@given(st.sampled_from(sorted(GOOD)), odd)
@example("exp", NOW - 1)
@example("exp", NOW)
@example("iat", NOW + 1_000)
@example("typ", "refresh")
@example("sub", "7 ")
@example("sub", "\u0667")
def test_whatever_pyjwt_refuses_is_refused(claim: str, value: Any) -> None:
    token = jwt.encode(GOOD, SECRET, "HS256").encode()
    claims = dict(GOOD)
    claims[claim] = value
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signed = f"{token.decode().partition('.')[0]}.{payload}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        signed.encode(), SECRET.encode()
    )
    forged = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}".encode()
    lean = LEAN.check(forged)
    if lean is not None:
        assert lean == by_pyjwt(forged)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_no_claim_may_be_missing(missing: str) -> None:
    claims = {name: value for name, value in GOOD.items() if name != missing}
    assert LEAN.check(jwt.encode(claims, SECRET, "HS256").encode()) is None


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(GOOD, None, "none"),
        jwt.encode(GOOD, LONG_KEY, "HS512"),
        jwt.encode(GOOD, LONG_KEY, "HS384"),
        jwt.encode(GOOD, "another-key-another-key-another-k", "HS256"),
        jwt.encode(GOOD, SECRET, "HS256", headers={"kid": "1"}),
        jwt.encode(GOOD, SECRET, "HS256").rpartition(".")[0] + ".",
        jwt.encode(GOOD, SECRET, "HS256").rpartition(".")[0],
        jwt.encode(GOOD, SECRET, "HS256") + "=",
        jwt.encode(GOOD, SECRET, "HS256") + ".",
        "..", "", ".", "a.b.c",
    ],
)  # fmt: skip
def test_other_algorithms_keys_headers_and_shapes_are_refused(token: str) -> None:
    assert LEAN.check(token.encode()) is None
