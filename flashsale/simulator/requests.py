"""What clients of the simulated provider send."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

Kind = TypeVar("Kind")
Amount = Annotated[int, Meta(ge=1, le=10**15)]


class NewPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """A payment to open."""

    amount_minor: Amount
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    metadata: dict[str, str] = {}
    return_url: Annotated[str, Meta(pattern="^https?://", max_length=2000)] | None = None


class NewRefund(Struct, frozen=True, forbid_unknown_fields=True):
    """A refund to make."""

    amount_minor: Amount
    metadata: dict[str, str] = {}


def read_body(body: bytes, kind: type[Kind]) -> Kind:
    """Decode a JSON body strictly. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(body, type=kind)
