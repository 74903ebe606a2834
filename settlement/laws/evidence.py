"""Everything the laws look at, as data.

Postgres is read in one repeatable-read transaction; then each lane of the store in one snapshot;
then the journal entries between the lane's cursor and that snapshot. With these applied, both
stores are compared at one position, however busy the sale is.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from lua.journal import Position
from lua.snapshot import LaneNow
from settlement.drain.totals import Delta, Deltas


class LaneKey(Struct, frozen=True, order=True):
    """A lane of a sale, as a key of mappings and as people are told of it."""

    sale_id: int
    lane: int

    def __str__(self) -> str:
        return f"sale {self.sale_id} lane {self.lane}"


class Between(Struct, frozen=True):
    """What the journal has after the cursor, up to the snapshot.

    ``deltas`` is what these ``entries`` move, ``orders`` whose state they change. ``gap`` tells of
    a journal that does not go on at the cursor or ends before the snapshot; ``postponed`` of more
    entries than this check was allowed to read.
    """

    entries: int
    deltas: Deltas
    orders: frozenset[str]
    gap: str = ""
    postponed: bool = False


class Overdue(Struct, frozen=True):
    """Holds that should have ended long ago, by their state."""

    held: int = 0
    paying: int = 0
    expiring: int = 0


class LaneEvidence(Struct, frozen=True, kw_only=True):
    """One lane in both stores.

    ``settled`` is what Postgres has per product at ``cursor``; ``now`` what the store has, None if
    it has no such lane; ``asked``: whether the store should have it (it forgets a lane some days
    after its sale) and has the scripts to tell.
    """

    key: LaneKey
    cursor: Position
    asked: bool
    settled: Mapping[int, Delta]
    now: LaneNow | None
    between: Between
    overdue: Overdue


class Serving(Struct, frozen=True):
    """Who says which generation: Postgres, the store, and whether the store has its scripts."""

    postgres: int
    store: int
    scripts: bool


class Evidence(Struct, frozen=True, kw_only=True):
    """What can be gathered each second while a sale runs."""

    lanes: tuple[LaneEvidence, ...]
    serving: Serving
    dead_letters: Mapping[str, int]
    """Unresolved, by the type of the entry that was set aside."""


class HeldUnits(Struct, frozen=True):
    """The live holds of a lane, added up per product at the moment of ``expected``."""

    holds: int
    found: Mapping[int, int]
    expected: Mapping[int, int]


class OverLimit(Struct, frozen=True):
    """A buyer with more units of a product than one buyer may have."""

    sale_id: int
    user_id: int
    product_id: int
    units: int
    limit: int


class StoreBooks(Struct, frozen=True):
    """Every hold and every buyer of one lane of the store."""

    held: HeldUnits
    buyers: int
    over_limit: tuple[OverLimit, ...]


class JournalRows(Struct, frozen=True):
    """The settled journal of one lane. ``lost``: entries that a salvage named as lost."""

    count: int
    first: int
    last: int
    lost: int = 0


class OrderUnits(Struct, frozen=True):
    """Units of one product in one lane by what the order rows say."""

    held: int = 0
    sold: int = 0
    restocked: int = 0


class OrderRows(Struct, frozen=True):
    """`held` entries of the journal beside the order rows, with examples of what does not match.

    ``aside``: entries that were set aside as dead letters, whose orders have no row.
    """

    entries: int
    orders: int
    aside: int
    missing: tuple[str, ...]
    unfounded: tuple[str, ...]
    twice: tuple[str, ...]


class Moved(Struct, frozen=True):
    """Units of one item of one lane by its finished stock moves, and moves left unfinished."""

    given: int = 0
    stuck: int = 0


class MoneyOf(Struct, frozen=True):
    """One currency's money, minor units.

    ``captured`` ever; ``kept`` for orders that are paid, less what they got back; ``refunded`` for
    good; ``waiting`` in refunds on their way; ``waiting_refunds`` is their number.
    """

    captured: int = 0
    kept: int = 0
    refunded: int = 0
    waiting: int = 0
    payments: int = 0
    waiting_refunds: int = 0


class Money(Struct, frozen=True):
    """Money by currency, and payments that break a rule, as sentences."""

    by_currency: Mapping[str, MoneyOf]
    undecided: int
    """Captured payments whose verdict is on its way."""
    breaches: tuple[str, ...]
    paid_twice: tuple[str, ...]
    """Orders with two paying payments, or paid without one."""


class FullEvidence(Evidence, frozen=True, kw_only=True):
    """All of it, for `verify`: costs a scan of the orders, the journal and the live holds."""

    taken_at: datetime
    salvaged: int
    """Lanes with lost entries: their journal no longer tells the history of every order."""
    store_books: Mapping[LaneKey, StoreBooks]
    journal: Mapping[LaneKey, JournalRows]
    orders: OrderRows
    order_units: Mapping[tuple[LaneKey, int], OrderUnits]
    aside: Mapping[tuple[LaneKey, int], Delta]
    """What dead letters moved in the totals, but not in the rows of their orders."""
    keys_checked: int
    keys_reused: tuple[str, ...]
    limits_checked: int
    over_limit: tuple[OverLimit, ...]
    endings: Mapping[str, tuple[int, str]]
    """Runs of entries, as words in their order -> how many orders have it, and one of them."""
    verdicts: int
    verdict_breaches: tuple[str, ...]
    overdue_orders: tuple[str, ...]
    moves: Mapping[tuple[LaneKey, int], Moved]
    money: Money
