"""The check of an access token on the fast path: HS256 by hand, 3 us where PyJWT takes 23.

Our tokens have one header, byte for byte, so it is compared and never parsed: another algorithm,
``none`` or an extra header cannot pass. The signature is compared as text, in constant time.
docs/decisions tells why this exists; a property test holds it against PyJWT.
"""

import hmac
import time
from binascii import a2b_base64, b2a_base64
from typing import Final

import jwt
import msgspec

from gateway.accounts.tokens import ACCESS, Claims

SIGNATURE_CHARS: Final = 43
"""32 bytes in base64url without padding."""

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_decode: Final = msgspec.json.Decoder(Claims).decode
_HEADER: Final = jwt.encode({}, "k" * 32, "HS256").partition(".")[0].encode() + b"."


class LeanToken:
    """Checks access tokens signed with one key."""

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()

    def check(self, token: bytes) -> Claims | None:
        """Return the claims of a good access token, None for everything else. Never raises."""
        signed, _, signature = token.rpartition(b".")
        if not signed.startswith(_HEADER):
            return None
        digest = hmac.digest(self._key, signed, "sha256")
        expected = b2a_base64(digest, newline=False).translate(_TO_URL)[:SIGNATURE_CHARS]
        if not hmac.compare_digest(expected, signature):
            return None
        try:
            claims = _decode(a2b_base64(signed[len(_HEADER) :].translate(_FROM_URL) + b"=="))
        except (ValueError, msgspec.MsgspecError):
            return None
        now = time.time()
        if claims.typ != ACCESS or claims.exp <= now or claims.iat > now:
            return None
        return claims if claims.sub.isascii() and claims.sub.isdigit() else None
