"""Access tokens: short-lived JWTs, issued and checked by PyJWT."""

import time
import uuid
from typing import Any, Final

import jwt
import msgspec
from msgspec import Struct

from gateway.settings import GatewaySettings
from migrations.states import Role

ACCESS: Final = "access"
_REQUIRED: Final = ["sub", "sid", "role", "typ", "ver", "iat", "exp"]


class InvalidToken(Exception):
    """Not a token of ours that is good now; ``reason`` is fit for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(Struct, frozen=True):
    """What an access token says. sub: user id. sid: UUID of the session. ver: the user's token
    version when it was issued. iat, exp: seconds since 1970."""

    sub: str
    sid: str
    role: Role
    typ: str
    ver: int
    iat: int
    exp: int


def issue_access_token(
    settings: GatewaySettings,
    *,
    user_id: int,
    session_id: uuid.UUID,
    role: Role,
    version: int,
    now_s: int | None = None,
) -> str:
    """Return a token that is good for ``access_token_expire_minutes`` from ``now_s``."""
    issued_s = int(time.time()) if now_s is None else now_s
    claims = Claims(
        sub=str(user_id),
        sid=str(session_id),
        role=role,
        typ=ACCESS,
        ver=version,
        iat=issued_s,
        exp=issued_s + settings.access_token_expire_minutes * 60,
    )
    return jwt.encode(
        msgspec.structs.asdict(claims), settings.secret_key, algorithm=settings.algorithm
    )


def read_access_token(settings: GatewaySettings, token: str) -> Claims:
    """Return the claims of a token that is ours, unexpired and an access token.

    Raises InvalidToken.
    """
    try:
        found: dict[str, Any] = jwt.decode(
            token,
            settings.secret_key,
            algorithms=[settings.algorithm],
            options={"require": _REQUIRED},
        )
        claims = msgspec.convert(found, Claims)
    except jwt.ExpiredSignatureError:
        raise InvalidToken("The access token has expired.") from None
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        raise InvalidToken("The access token is not valid.") from None
    if claims.typ != ACCESS:
        raise InvalidToken("This is not an access token.")
    return claims
