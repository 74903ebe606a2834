"""GET /products: what is listed, a page at a time."""

import hashlib
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from litestar import Request, Response, get
from litestar.params import HeaderParameter, QueryParameter

from gateway.accounts.guards import require_admin
from gateway.catalogue.product import Product
from gateway.catalogue.product_rows import Listed, list_products
from gateway.exceptions import invalid
from gateway.openapi import BEARER
from gateway.paging import ID_MAX, Page, PageNumber, PageSize
from gateway.problems import FieldError
from gateway.process import process_of

IDS_MAX: Final = 100
FRESH: Final = "public, max-age=2, stale-while-revalidate=10"
"""Short, because prices and units on hand change; long enough to take a rush off the database."""

Search: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=200, description="words that must all occur")
]
Ids: TypeAlias = Annotated[
    list[str] | None, QueryParameter(max_items=IDS_MAX, description="1,2,3 or repeated")
]
State: TypeAlias = Annotated[
    Listed, QueryParameter(name="state", description="anything but active is for admins")
]
IfNoneMatch: TypeAlias = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=200)
]


@get("/products", security=[{}, *BEARER], tags=["catalogue"])
async def list_products_route(
    request: Request[Any, Any, Any],
    search: Search = None,
    ids: Ids = None,
    listed: State = "active",
    page: PageNumber = 1,
    limit: PageSize = 20,
    if_none_match: IfNoneMatch = None,
) -> Response[Page[Product]]:
    """List products; the best match first when searching, else the newest."""
    if listed != "active":
        await require_admin(request)
    async with process_of(request).reads.connect() as connection:
        items, total = await list_products(
            connection,
            search=_words(search),
            ids=None if ids is None else _ids(ids),
            listed=listed,
            page=page,
            limit=limit,
        )
    listing = Page(items, page, limit, total)
    return _cached(listing, if_none_match, FRESH if listed == "active" else "private, no-store")


def _words(search: str | None) -> str | None:
    if search is None or not search.strip():
        return None
    if "\0" in search:
        raise invalid(FieldError("search", "text must not contain NUL"))
    return search


def _ids(given: list[str]) -> list[int]:
    words = [word.strip() for one in given for word in one.split(",") if word.strip()]
    if len(words) > IDS_MAX:
        raise invalid(FieldError("ids", f"at most {IDS_MAX} at once"))
    if not all(word.isdecimal() and 1 <= int(word) <= ID_MAX for word in words):
        raise invalid(FieldError("ids", "must be integer ids"))
    return [int(word) for word in words]


def _cached(listing: Page[Product], if_none_match: str | None, cache_control: str) -> Response[Any]:
    """The listing with its entity tag, or 304 when the caller has it."""
    body = msgspec.json.encode(listing)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": cache_control, "Vary": "Authorization"}
    if if_none_match is not None and tag in if_none_match:
        return Response(None, status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
