"""Structured logs: one JSON object a line, for people when somebody watches. Secrets are taken out.

What other libraries log through the standard library goes the same way.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import msgspec
import structlog

SECRET_NAMES: Final = re.compile(
    r"password|secret|token|authorization|api_?key|cookie|signature|card", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]+@")
_JWT: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")

_FOR_PEOPLE: Final = structlog.dev.ConsoleRenderer(
    exception_formatter=structlog.dev.plain_traceback  # the default shows local variables
)

Event = MutableMapping[str, Any]


def configure_logs(level: str, *, people: bool | None = None) -> None:
    """Send all logs to stderr. people: readable lines; None: when stderr is a terminal."""
    for_people = sys.stderr.isatty() if people is None else people
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _FOR_PEOPLE if for_people else _as_json,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def hide_secrets(_: Any, __: str, event: Event) -> Event:
    """Mask what is named like a secret, passwords in URLs, and anything that looks like a token."""
    event.pop("color_message", None)  # uvicorn says everything twice
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _JWT.sub("***", _URL_PASSWORD.sub(r"\1:***@", value))
    return event


def _as_json(_: Any, __: str, event: Event) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
