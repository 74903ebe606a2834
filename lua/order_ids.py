"""Order ids: UUIDv7, with sale and lane in their free bits, so that an id tells where to ask.

::

    48 bits  milliseconds        12 bits  sale, high     16 bits  sale, low      8 bits  lane
     4 bits  version 7            2 bits  variant        22 bits  this process   14 bits  counter

(RFC 9562, 5.7: all but time, version and variant is free.) Two ids of one process differ by their
counter; two processes would have to draw the same 22 bits, and meet in one millisecond at one
count, to make the same id, and then `reserve` refuses the second.
"""

import itertools
import secrets
import time
import uuid
from typing import Final

SALE_BITS: Final = 28
LANE_BITS: Final = 8

_PROCESS: Final = secrets.randbits(22) << 14
_count = itertools.count(secrets.randbits(14))


def new_order_id(sale_id: int, lane: int) -> str:
    """Return a new id in canonical spelling. Raises ValueError when sale or lane do not fit."""
    if sale_id >> SALE_BITS or lane >> LANE_BITS:
        raise ValueError(f"sale {sale_id} or lane {lane} does not fit into an order's id")
    now_ms = time.time_ns() // 1_000_000
    low = (sale_id & 0xFFFF) << 44 | lane << 36 | _PROCESS | (next(_count) & 0x3FFF)
    return (
        f"{now_ms >> 16:08x}-{now_ms & 0xFFFF:04x}-7{sale_id >> 16:03x}"
        f"-{0x8000 | low >> 48:04x}-{low & 0xFFFFFFFFFFFF:012x}"
    )


def sale_and_lane(order_id: str) -> tuple[int, int] | None:
    """Return (sale, lane) of an id that `new_order_id` made; None for any other text."""
    try:
        bits = uuid.UUID(order_id).int
    except ValueError:
        return None
    if bits >> 76 & 0xF != 7:
        return None
    low = bits & (1 << 62) - 1
    return (bits >> 64 & 0xFFF) << 16 | low >> 44 & 0xFFFF, low >> 36 & 0xFF
