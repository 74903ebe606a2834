"""Which browsers may call: answers to preflights, and headers on everything else."""

from collections.abc import Iterable
from typing import Any, Final

from litestar.types import Scope

METHODS: Final = b"GET, POST, PATCH, DELETE, OPTIONS"
HEADERS: Final = (
    b"authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id,"
    b" request-id"
)
EXPOSED: Final = b"request-id, retry-after, location, idempotent-replayed, etag"
MAX_AGE_S: Final = b"600"
"""Chromium keeps a preflight for two hours at most; ten minutes is soon enough for a change."""

Headers = list[tuple[bytes, bytes]]


class Cors:
    """Answers for a list of origins; ``*`` means any. Tokens are sent by hand, so no cookies."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._any = b"*" in self._origins

    def headers(self, origin: bytes) -> Headers:
        """What every answer to this origin carries; nothing but `Vary` for a strange one."""
        if not self._any and origin not in self._origins:
            return [(b"vary", b"origin")]
        return [
            (b"access-control-allow-origin", b"*" if self._any else origin),
            (b"access-control-expose-headers", EXPOSED),
            (b"vary", b"origin"),
        ]

    def preflight(self, scope: Scope, origin: bytes) -> Headers | None:
        """The headers of the answer to a preflight; None when the request is not one."""
        asked: Any = scope["headers"]
        if not any(name == b"access-control-request-method" for name, _ in asked):
            return None
        return [
            *self.headers(origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            (b"access-control-max-age", MAX_AGE_S),
        ]
