"""Logs slow statements of an engine, and every statement under debug. Never their parameters."""

import logging
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

log = logging.getLogger(__name__)

TEXT_MAX = 500
"""Characters of a statement that are logged; a set-based insert is longer and says no more."""
_STARTED = "query_started_s"


def watch_queries(engine: Engine, slow_query_ms: float, *, debug: bool) -> None:
    """Attach to the engine: WARNING `slow query` from `slow_query_ms` on, DEBUG `query` for others.

    Records carry `duration_ms` and `statement` as extra fields. Statements that go through the
    raw asyncpg connection are not seen here: `engine.raw_connection` reports them itself.
    """

    def started(connection: Connection, *_: Any) -> None:
        connection.info.setdefault(_STARTED, []).append(time.perf_counter())

    def finished(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        duration_ms = (time.perf_counter() - connection.info[_STARTED].pop()) * 1000
        report(statement, duration_ms, slow_query_ms, debug=debug)

    def failed(context: Any) -> None:
        if context.connection is not None and context.connection.info.get(_STARTED):
            context.connection.info[_STARTED].pop()

    event.listen(engine, "before_cursor_execute", started)
    event.listen(engine, "after_cursor_execute", finished)
    event.listen(engine, "handle_error", failed)


def report(statement: str, duration_ms: float, slow_query_ms: float, *, debug: bool) -> None:
    """Log one finished statement if it is slow, or if every one is wanted."""
    slow = duration_ms >= slow_query_ms
    if slow or debug:
        facts = {"duration_ms": round(duration_ms, 3), "statement": " ".join(statement.split())}
        facts["statement"] = str(facts["statement"])[:TEXT_MAX]
        log.log(
            logging.WARNING if slow else logging.DEBUG,
            "slow query" if slow else "query",
            extra=facts,
        )
