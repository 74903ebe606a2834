"""What was raised, as the problem that the caller gets. One table.

What is not in the table is a bug: 500 `internal`, logged with its trace, and nothing of it leaks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg
import sqlalchemy.exc
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from gateway import problems
from gateway.problems import FieldError, Refused
from lua.store import ScriptFailed, StoreUnreachable

log = structlog.get_logger(__name__)

BY_STATUS: Final[Mapping[int, str]] = {
    400: "invalid_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}


def handlers() -> ExceptionHandlersMap:
    """The application's exception handlers."""
    return {Exception: answer}


def answer(request: Request[Any, Any, Any], raised: Exception) -> Response[bytes]:
    """Answer with the problem that ``raised`` stands for."""
    refused = refusal(raised)
    if refused.code == "internal":
        request_id = request.scope.get("request_id", "")
        log.error("unexpected", path=request.scope["path"], request_id=request_id, exc_info=raised)
    made = problems.ready(refused)
    return Response(
        made.body,
        status_code=made.status,
        media_type=problems.MEDIA_TYPE,
        headers={
            name.decode(): value.decode()
            for name, value in made.headers
            if name not in {b"content-type", b"content-length"}
        },
    )


def refusal(raised: BaseException) -> Refused:
    """The refusal that stands for anything that can be raised while a request is answered."""
    for kind, translate in _TABLE:
        if isinstance(raised, kind):
            return translate(raised)
    return Refused("internal")


def _of_litestar(raised: Any) -> Refused:
    code = BY_STATUS.get(raised.status_code, "internal")
    if 400 <= raised.status_code < 500 and code == "internal":
        code = "invalid_request"
    known = raised.detail and code in {"invalid_request", "unauthenticated", "forbidden"}
    return Refused(code, raised.detail if known else None, headers=raised.headers)


def _of_validation(raised: Any) -> Refused:
    found = raised.extra if isinstance(raised.extra, list) else []
    errors = [
        FieldError(str(one.get("key", "")).removeprefix("data."), str(one.get("message", "")))
        for one in found
        if isinstance(one, dict)
    ]
    return invalid(*errors) if errors else Refused("invalid_request")


def invalid(*errors: FieldError) -> Refused:
    """The refusal of an input with these errors."""
    first = errors[0]
    return Refused("invalid_request", f"{first.field}: {first.message}", errors=errors)


def _of_database(raised: Any) -> Refused:
    lost = raised.connection_invalidated or isinstance(raised, sqlalchemy.exc.InterfaceError)
    return Refused("unavailable") if lost else _of_postgres(raised.orig)


def _of_postgres(raised: Any) -> Refused:
    """SQLSTATE classes that tell of the server's state, not of the statement (Postgres, A)."""
    sqlstate = getattr(raised, "sqlstate", None) or ""
    if sqlstate[:2] == "53":  # insufficient resources
        return Refused("overloaded")
    passing = sqlstate[:2] in {"08", "25", "40", "57"} or sqlstate == "55P03"
    return Refused("unavailable" if passing else "internal")


_TABLE: Final[tuple[tuple[type[BaseException], Callable[[Any], Refused]], ...]] = (
    (Refused, lambda raised: raised),
    (ValidationException, _of_validation),
    (HTTPException, _of_litestar),
    (StoreUnreachable, lambda _: Refused("recovering")),
    (ScriptFailed, lambda raised: Refused("overloaded" if "OOM" in str(raised) else "internal")),
    (sqlalchemy.exc.TimeoutError, lambda _: Refused("overloaded")),
    (sqlalchemy.exc.DBAPIError, _of_database),
    (asyncpg.PostgresError, _of_postgres),
    (asyncpg.InterfaceError, lambda _: Refused("unavailable")),
    (asyncpg.InternalClientError, lambda _: Refused("unavailable")),
    (OSError, lambda _: Refused("unavailable")),
    (TimeoutError, lambda _: Refused("unavailable")),
)
