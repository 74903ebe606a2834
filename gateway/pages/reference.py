"""GET /docs: the API reference."""

from litestar import Response, get

from gateway.pages.page import read_page


@get(["/docs", "/docs/"], include_in_schema=False)
async def reference() -> Response[bytes]:
    """The API reference, made in the browser from /docs/openapi.json."""
    return read_page("reference.html")
