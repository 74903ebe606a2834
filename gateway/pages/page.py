"""A page from a file of this package, with the headers that keep it harmless."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

from litestar import Response

_INLINE: Final = re.compile(r"<(script|style)[^>]*>(.*?)</\1>", re.DOTALL)


def read_page(name: str) -> Response[bytes]:
    """Return the page ``name``. Scripts and styles run only if they are the file's own, inline.

    Raises FileNotFoundError.
    """
    html = files("gateway.pages").joinpath(name).read_text(encoding="utf-8")
    found = _INLINE.findall(html)
    scripts = " ".join(_hash(text) for kind, text in found if kind == "script") or "'none'"
    styles = " ".join(_hash(text) for kind, text in found if kind == "style") or "'none'"
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src {styles};"
        " connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    )
    return Response(
        html.encode(),
        media_type="text/html",
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
