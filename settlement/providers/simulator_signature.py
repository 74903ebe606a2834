"""How the simulated provider signs its webhooks: as Stripe does.

``Simulator-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``; several ``v1`` may stand
there while a secret is being changed. Both sides use this module.
"""

import hmac
import time
from typing import Final

from settlement.providers.errors import InvalidSignature

HEADER: Final = "simulator-signature"
TOLERANCE_S: Final = 300
"""Older, or further ahead of our clock, is refused: a stolen delivery is good for minutes only."""


def sign(secret: str, body: bytes, at_s: int) -> str:
    """Return the header's value for ``body`` sent at ``at_s``."""
    return f"t={at_s},v1={_digest(secret, body, str(at_s))}"


def check(secret: str, body: bytes, header: str | None, now_s: float | None = None) -> None:
    """Return only if ``body`` was signed with ``secret`` within the tolerance.

    Compares in constant time. Raises InvalidSignature.
    """
    if not header or not secret:
        raise InvalidSignature("no signature")
    at, given = "", []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            at = value
        elif name == "v1":
            given.append(value)
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise InvalidSignature("no timestamp")
    wanted = _digest(secret, body, at).encode()
    # As bytes: compare_digest takes no text beyond ASCII.
    if not any(hmac.compare_digest(wanted, one.encode()) for one in given):
        raise InvalidSignature("wrong signature")
    if abs((time.time() if now_s is None else now_s) - int(at)) > TOLERANCE_S:
        raise InvalidSignature("signed too long ago, or in the future")


def _digest(secret: str, body: bytes, at: str) -> str:
    return hmac.digest(secret.encode(), at.encode() + b"." + body, "sha256").hex()
