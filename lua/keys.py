"""Every key name of the store, in one place.

Keys of a lane share the hash tag ``{<sale>.<lane>}``, so that all of them live on one cluster slot;
scripts are given that base as ``KEYS[1]`` and append the suffixes below, which the loader writes
into their text as Lua constants.

======================  ======  =========================================  ========================
suffix                  type    holds                                      end of life
======================  ======  =========================================  ========================
``:lane``               hash    gate, conf, seq, items and totals           dropped after the sale
``:journal``            stream  entries ``<generation>-<seq>``             trimmed behind the cursor
``:holds:<0..3>``       hash    order id -> record, and digest of (user,   2 to 3 days, whole slot
                                key) -> order, fingerprint; by the id's day
``:verdicts:<0..1>``    hash    payment id -> first verdict                1 to 2 days, whole slot
``:users``              hash    user -> rate, counts, latest orders        swept when empty
``:due:<product>``      zset    HELD order ids by deadline                 leaves with the hold
``:paying``             zset    PAYING order ids by deadline               leaves with the hold
``:expiring``           zset    EXPIRING order ids by end of grace         leaves with the hold
``:moves``              hash    id of a stock move -> done                 dropped after the sale
======================  ======  =========================================  ========================

Slots turn by the server's day: the first write of a new day empties the slot that comes next, so
nothing has to be looked up to be forgotten (see ``fragments/days.lua``). A slot in which a hold
still lives is kept for another round. All that is left of a closed sale is dropped by ``forget``
some days after the close.
"""

from typing import Final

SUFFIXES: Final[dict[str, str]] = {
    "LANE": ":lane",
    "JOURNAL": ":journal",
    "HOLDS": ":holds:",
    "VERDICTS": ":verdicts:",
    "USERS": ":users",
    "DUE": ":due:",
    "PAYING": ":paying",
    "EXPIRING": ":expiring",
    "MOVES": ":moves",
}

RETURNED_CHANNEL: Final = "flashsale:returned"
"""Pub/sub: ``<base> <product> <back>`` when units of a product come back to none left."""

SALES_CHANNEL: Final = "flashsale:sales"
"""Pub/sub: the id of a sale whose state, window or products changed."""

REVOKED_CHANNEL: Final = "flashsale:revoked"
"""Pub/sub: a session (``s <id>``) or a user's older tokens (``u <id> <version>``) that ended."""

GENERATION: Final = "flashsale:generation"
"""String: the generation whose scripts are loaded; written last by recovery."""

SERVER: Final = "flashsale:server"
"""String: the run id of the server that the last recovery left serving; another one restarted."""

PRODUCTS: Final = "flashsale:products"
"""Hash: product id -> id of the one open sale that sells it."""

REVOKED: Final = "flashsale:revoked"
"""Zset: what was revoked, scored by the second in which the last such token dies."""

HOLD_SLOTS: Final = 4
"""Four days: yesterday's and today's holds, one day ahead for skewed ids, one being emptied."""

VERDICT_SLOTS: Final = 2
"""Today's and yesterday's: a verdict lives at least 24 h here, and for good in Postgres."""

DAY_MS: Final = 86_400_000

LANES_PER_SALE: Final = 1
"""Of every sale, for now; keys, ids and settlement carry the lane all the same."""


def lane_base(sale_id: int, lane: int) -> str:
    """Return the key base ``{sale.lane}`` of a lane; both are non-negative integers."""
    return f"{{{sale_id:d}.{lane:d}}}"


def lane_of_base(base: str) -> tuple[int, int]:
    """Return (sale, lane) of a key base. Raises ValueError for anything else."""
    sale_id, lane = base.strip("{}").split(".")
    return int(sale_id), int(lane)


def key(base: str, suffix: str, part: int | str = "") -> str:
    """Return the full name of a lane's key, for example ``key("{7.0}", "HOLDS", 2)``."""
    return f"{base}{SUFFIXES[suffix]}{part}"


def hold_slot(order_id: str) -> int:
    """Return the slot of ``:holds`` of an order: the day in its UUIDv7, modulo the slots."""
    return int(order_id[:8] + order_id[9:13], 16) // DAY_MS % HOLD_SLOTS


def holds_key(base: str, order_id: str) -> str:
    """Return the hash that has the record of an order."""
    return key(base, "HOLDS", hold_slot(order_id))


def lane_of_user(user_id: int, lanes: int) -> int:
    """Return the one lane that a buyer belongs to, 0 <= lane < lanes.

    A multiplicative hash (Knuth, TAOCP 6.4), so that neighbouring ids spread and every process
    agrees; Python's ``hash`` would do neither.
    """
    return (user_id * 2654435761 % 2**32) * lanes >> 32
