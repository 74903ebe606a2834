"""The journal's entries: what the scripts append, typed. Format 1.

An entry's id is ``<generation>-<seq>``; its only field is named by the format version and holds a
JSON array that begins with the entry's word. Times are server milliseconds, ``lines`` are
``(product, quantity, unit_price_minor)``.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from lua.scripts import FORMAT

Line = tuple[int, int, int]
_FORMAT: Final = FORMAT.encode()


class UnknownFormat(Exception):
    """An entry of a format this program does not know: stop, and let a newer one read it."""


class Opened(Struct, frozen=True, array_like=True, gc=False, tag="opened"):
    """The lane's first entry: (product, units) of every item."""

    items: list[tuple[int, int]]
    at_ms: int


class Held(Struct, frozen=True, array_like=True, gc=False, tag="held"):
    """An order took its units."""

    order: str
    user: int
    created_ms: int
    deadline_ms: int
    total_minor: int
    currency: str
    lines: list[Line]
    fingerprint: str
    key: str


class Paying(Struct, frozen=True, array_like=True, gc=False, tag="paying"):
    """A payment was opened; the hold lasts until ``deadline_ms``."""

    order: str
    payment: str
    deadline_ms: int
    at_ms: int


class Declined(Struct, frozen=True, array_like=True, gc=False, tag="declined"):
    """The open payment failed; the hold is HELD again."""

    order: str
    payment: str
    reason: str
    at_ms: int


class Expiring(Struct, frozen=True, array_like=True, gc=False, tag="expiring"):
    """The deadline passed while a payment is open: cancel it at the provider."""

    order: str
    payment: str
    at_ms: int


class Paid(Struct, frozen=True, array_like=True, gc=False, tag="paid"):
    """The payment paid the order: its units went from held to sold."""

    order: str
    payment: str
    lines: list[Line]
    at_ms: int


class Retaken(Struct, frozen=True, array_like=True, gc=False, tag="retaken"):
    """Late money: the order's units went from available to sold."""

    order: str
    payment: str
    lines: list[Line]
    at_ms: int


class Refund(Struct, frozen=True, array_like=True, gc=False, tag="refund"):
    """The payment's money goes back."""

    order: str
    payment: str
    reason: str
    at_ms: int


class Released(Struct, frozen=True, array_like=True, gc=False, tag="released"):
    """The hold ended without payment. ``leaving``: its units left the lane, to the product."""

    order: str
    state: str
    reason: str
    lines: list[Line]
    leaving: bool
    at_ms: int


class Adjusted(Struct, frozen=True, array_like=True, gc=False, tag="adjusted"):
    """Units were added (or taken back, below 0) by a stock move."""

    product: int
    delta: int
    move: str
    at_ms: int


class Restocked(Struct, frozen=True, array_like=True, gc=False, tag="restocked"):
    """Units of a refunded order went from sold to available, or out of a closing lane."""

    order: str
    move: str
    lines: list[Line]
    leaving: bool
    at_ms: int


class Paused(Struct, frozen=True, array_like=True, gc=False, tag="paused"):
    """No new orders for a while."""

    at_ms: int


class Resumed(Struct, frozen=True, array_like=True, gc=False, tag="resumed"):
    """New orders again."""

    at_ms: int


class Closing(Struct, frozen=True, array_like=True, gc=False, tag="closing"):
    """(product, units) that were available left the lane."""

    returned: list[tuple[int, int]]
    at_ms: int


class Ended(Struct, frozen=True, array_like=True, gc=False, tag="closed"):
    """The last hold has ended."""

    at_ms: int


class Rebuilt(Struct, frozen=True, array_like=True, gc=False, tag="rebuilt"):
    """Recovery wrote the lane anew from Postgres."""

    at_ms: int


AnyEntry = (
    Opened
    | Held
    | Paying
    | Declined
    | Expiring
    | Paid
    | Retaken
    | Refund
    | Released
    | Adjusted
    | Restocked
    | Paused
    | Resumed
    | Closing
    | Ended
    | Rebuilt
)

_decoder = msgspec.json.Decoder(AnyEntry)


def decode(body: bytes) -> AnyEntry:
    """Turn an entry's body into its type. Raises msgspec.MsgspecError."""
    entry: AnyEntry = _decoder.decode(body)
    return entry


class Position(Struct, frozen=True, order=True, gc=False):
    """Where an entry stands; ordered as the stream is."""

    generation: int
    seq: int

    def __str__(self) -> str:
        return f"{self.generation}-{self.seq}"


def read_id(text: bytes) -> Position:
    """Turn a stream id into a position."""
    generation, _, seq = text.partition(b"-")
    return Position(int(generation), int(seq))


def body_of(fields: Mapping[bytes, bytes]) -> bytes:
    """Return the body of an entry's fields. Raises UnknownFormat."""
    body = fields.get(_FORMAT)
    if body is None or len(fields) != 1:
        raise UnknownFormat(f"entry with fields {[*fields]!r}; this program reads {_FORMAT!r}")
    return body
