"""Which constraint a refused write has violated. Code branches on its name, never on a text."""

from typing import Any

from sqlalchemy.exc import DBAPIError


def violated(refused: DBAPIError) -> str | None:
    """The name of the constraint; None when it was none."""
    error: Any = refused.orig
    for cause in (error, getattr(error, "__cause__", None)):
        name = getattr(cause, "constraint_name", None)
        if name:
            return str(name)
    return None
