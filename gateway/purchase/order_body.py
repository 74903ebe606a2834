"""What a client may send to `POST /orders`, checked to the last field."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.exceptions import invalid
from gateway.problems import FieldError
from gateway.requests import decode

LINES_MAX: Final = 10
QUANTITY_MAX: Final = 10
KEY_MAX_CHARS: Final = 255

Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Key = Annotated[str, Meta(min_length=1, max_length=KEY_MAX_CHARS, pattern=r"^[ -~]+$")]


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One product and how many of it."""

    product_id: Id
    quantity: Quantity


class OrderBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Either `product_id` and `quantity`, or `lines` of distinct products of one sale."""

    product_id: Id | UnsetType = UNSET
    quantity: Quantity | UnsetType = UNSET
    lines: Annotated[list[LineBody], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    sale_id: Id | UnsetType = UNSET
    idempotency_key: Key | UnsetType = UNSET


class Wanted(Struct, frozen=True):
    """A checked order: distinct (product, quantity) lines, and what else the body said."""

    lines: tuple[tuple[int, int], ...]
    sale_id: int | None
    key: str | None


def read_body(body: bytes) -> Wanted:
    """Check a body. Raises Refused (invalid_request) with the field that is wrong."""
    found = decode(body, OrderBody)
    sale_id = None if found.sale_id is UNSET else found.sale_id
    key = None if found.idempotency_key is UNSET else found.idempotency_key
    if found.lines is UNSET:
        if found.product_id is UNSET:
            raise invalid(FieldError("product_id", "is required, or `lines` instead"))
        if found.quantity is UNSET:
            raise invalid(FieldError("quantity", "is required"))
        return Wanted(((found.product_id, found.quantity),), sale_id, key)
    if found.product_id is not UNSET or found.quantity is not UNSET:
        raise invalid(FieldError("lines", "must not come together with product_id or quantity"))
    if len({line.product_id for line in found.lines}) < len(found.lines):
        raise invalid(FieldError("lines", "must not name a product twice"))
    return Wanted(tuple((line.product_id, line.quantity) for line in found.lines), sale_id, key)


def choose_key(header: bytes | None, body: str | None) -> str | None:
    """Return the one idempotency key of a request, None when it sent none.

    Raises Refused (invalid_request) for a bad header, and when header and body differ.
    """
    if header is None:
        return body
    try:
        key = header.decode("ascii")
    except UnicodeDecodeError:
        key = ""
    if not 1 <= len(key) <= KEY_MAX_CHARS or not key.isprintable():
        raise invalid(
            FieldError("Idempotency-Key", f"must be 1..{KEY_MAX_CHARS} printable ASCII characters")
        )
    if body is not None and body != key:
        raise invalid(FieldError("idempotency_key", "must be the same as the header's"))
    return key
