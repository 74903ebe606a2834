"""What is raised, as the refusal that the caller gets."""

import asyncpg
import pytest
import sqlalchemy.exc
from litestar.exceptions import HTTPException, NotAuthorizedException

from gateway.exceptions import refusal
from gateway.problems import KINDS, Refused, ready
from gateway.requests import field_error
from lua.store import ScriptFailed, StoreUnreachable


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (Refused("sold_out"), "sold_out"),
        (StoreUnreachable("lost"), "recovering"),
        (ScriptFailed("OOM command not allowed"), "overloaded"),
        (ScriptFailed("ERR wrong"), "internal"),
        (ConnectionRefusedError(), "unavailable"),
        (TimeoutError(), "unavailable"),
        (sqlalchemy.exc.TimeoutError(), "overloaded"),
        (asyncpg.DeadlockDetectedError(), "unavailable"),
        (asyncpg.TooManyConnectionsError(), "overloaded"),
        (asyncpg.AdminShutdownError(), "unavailable"),
        (asyncpg.UniqueViolationError(), "internal"),
        (sqlalchemy.exc.IntegrityError("", {}, asyncpg.UniqueViolationError()), "internal"),
        (sqlalchemy.exc.OperationalError("", {}, asyncpg.SerializationError()), "unavailable"),
        (HTTPException(status_code=418), "invalid_request"),
        (NotAuthorizedException(), "unauthenticated"),
        (KeyError("secret"), "internal"),
    ],
)
def test_each_exception_has_its_refusal(raised: Exception, code: str) -> None:
    assert refusal(raised).code == code


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Expected `int`, got `str` - at `$.items[0].units`", "items[0].units"),
        ("Object missing required field `name`", "name"),
        ("Object missing required field `units` - at `$.items[0]`", "items[0].units"),
        ("Object contains unknown field `x`", "x"),
        ("Expected `object`, got `array`", ""),
    ],
)
def test_a_field_is_named_by_its_path(message: str, field: str) -> None:
    assert field_error(message).field == field


def test_what_may_pass_says_when_to_ask_again() -> None:
    for code, kind in KINDS.items():
        names = {name for name, _ in ready(Refused(code)).headers}
        assert (b"retry-after" in names) == (kind.retry_after_s is not None), code
        assert (b"www-authenticate" in names) == (kind.status == 401), code
