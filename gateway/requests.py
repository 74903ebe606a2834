"""Request bodies, decoded strictly into the Struct that the route declares.

Litestar converts leniently, which takes "5" for 5. The contract does not: a wrong type, an unknown
field or a number out of range is refused with the name of the field.
"""

import re
from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request

from gateway.exceptions import invalid
from gateway.problems import FieldError, Refused

_WHERE: Final = re.compile(
    r"^(?P<message>.*?)(?: - at `(?:key in )?\$\.?(?P<field>[^`]*)`)?$", re.DOTALL
)
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL, which Postgres keeps in no text."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose `json` is the declared type of the route's ``data``."""

    async def json(self) -> Any:
        """Decode the body into the route's declared type. Raises Refused (invalid_request)."""
        declared = self.scope["route_handler"].parsed_data_field
        return decode(await self.body(), Any if declared is None else declared.annotation)


def decode(body: bytes, kind: Any) -> Any:
    """Decode a JSON body strictly. Raises Refused (invalid_request) with field and message."""
    if b"u0000" in body and _NUL.search(body):
        raise invalid(FieldError("", "text must not contain NUL"))
    try:
        return _decoder(kind).decode(body)
    except msgspec.ValidationError as misfit:
        raise invalid(field_error(str(misfit))) from misfit
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as malformed:
        raise Refused("invalid_request", "The body is not JSON.") from malformed


def field_error(message: str) -> FieldError:
    """Split msgspec's message into the field's path and what is the matter with it."""
    found = _WHERE.match(message)
    if found is None:
        return FieldError("", message)
    named = re.search(r"(?:missing required|contains unknown) field `([^`]+)`", found["message"])
    path = [part for part in (found["field"], named and named[1]) if part]
    return FieldError(".".join(path), found["message"])


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
