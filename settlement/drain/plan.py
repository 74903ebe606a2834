"""Turns a batch of entries into the rows to write: pure, so that it is tested without a database.

Entries of one order fold into one row: a new order is inserted in the state it has at the end of
the batch, an older one gets one update.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from lua import journal
from lua.journal import AnyEntry, Position
from settlement.drain.totals import Deltas


class NewOrder(Struct):
    """A row of ``orders`` to insert; times in milliseconds."""

    id: str
    user: int
    total_minor: int
    currency: str
    created_ms: int
    key: str
    fingerprint: str
    lines: list[journal.Line]


class OrderChange(Struct):
    """What a batch makes of an order; None leaves a column as it is."""

    seq: int = 0
    at_ms: int = 0
    status: str | None = None
    hold_state: str | None = None
    deadline_ms: int | None = None
    paid_ms: int | None = None
    ended_ms: int | None = None
    reason: str | None = None
    payment: str | None = None


class Verdict(Struct, frozen=True):
    """The first and final word on a captured payment."""

    payment: str
    verdict: str
    reason: str | None
    at_ms: int


class Plan(Struct):
    """Everything one batch writes, besides its journal rows and its cursor."""

    orders: dict[str, NewOrder]
    changes: dict[str, OrderChange]
    verdicts: dict[str, Verdict]
    deltas: Deltas
    opened: list[tuple[int, int]]
    moves_done: list[str]
    sale_state: str | None = None
    paused: bool | None = None


def new_plan() -> Plan:
    """Return an empty plan."""
    return Plan(orders={}, changes={}, verdicts={}, deltas=Deltas(), opened=[], moves_done=[])


def plan_batch(entries: Iterable[tuple[Position, AnyEntry]]) -> Plan:
    """Return the rows that a run of entries of one lane amounts to."""
    plan = new_plan()
    for position, entry in entries:
        add(plan, position.seq, entry)
    return plan


def add(plan: Plan, seq: int, entry: AnyEntry) -> None:
    """Add one entry to a plan."""
    if isinstance(entry, journal.Opened):
        plan.opened.extend(entry.items)
    else:
        plan.deltas.apply(entry)
    match entry:
        case journal.Held():
            plan.orders[entry.order] = NewOrder(
                entry.order,
                entry.user,
                entry.total_minor,
                entry.currency,
                entry.created_ms,
                entry.key,
                entry.fingerprint,
                entry.lines,
            )
            plan.changes[entry.order] = OrderChange(
                seq, entry.created_ms, "PENDING", "HELD", entry.deadline_ms
            )
        case journal.Paying():
            change = _pending(plan, seq, entry.order, "PAYING", entry.at_ms)
            change.deadline_ms = entry.deadline_ms
        case journal.Declined():
            _pending(plan, seq, entry.order, "HELD", entry.at_ms)
        case journal.Expiring():
            _pending(plan, seq, entry.order, "EXPIRING", entry.at_ms)
        case journal.Paid():
            _paid(plan, seq, entry, "confirmed")
        case journal.Retaken():
            _paid(plan, seq, entry, "retaken")
        case journal.Refund():
            _change(plan, seq, entry.order, entry.at_ms)
            plan.verdicts[entry.payment] = Verdict(
                entry.payment, "refund", entry.reason, entry.at_ms
            )
        case journal.Released():
            change = _change(plan, seq, entry.order, entry.at_ms)
            change.status, change.hold_state = entry.state, None
            change.ended_ms, change.reason = entry.at_ms, entry.reason
        case journal.Adjusted(move=move) | journal.Restocked(move=move):
            plan.moves_done.append(move)
        case journal.Paused():
            plan.paused = True
        case journal.Resumed():
            plan.paused = False
        case journal.Closing():
            plan.sale_state = "closing"
        case journal.Ended():
            plan.sale_state = "closed"
        case journal.Opened() | journal.Rebuilt():
            pass


def order_of(entry: AnyEntry) -> str | None:
    """Return the order an entry is about, if it is about one."""
    return getattr(entry, "order", None)


def product_credits(deltas: Deltas) -> Sequence[tuple[int, int]]:
    """Return (product, units) that go back to products, products ascending."""
    return [
        (product, deltas[product].returned)
        for product in sorted(deltas)
        if deltas[product].returned
    ]


def _change(plan: Plan, seq: int, order: str, at_ms: int) -> OrderChange:
    change = plan.changes.get(order)
    if change is None:
        change = plan.changes[order] = OrderChange()
    change.seq, change.at_ms = seq, at_ms
    return change


def _pending(plan: Plan, seq: int, order: str, hold_state: str, at_ms: int) -> OrderChange:
    change = _change(plan, seq, order, at_ms)
    change.status, change.hold_state = "PENDING", hold_state
    return change


def _paid(plan: Plan, seq: int, entry: journal.Paid | journal.Retaken, verdict: str) -> None:
    change = _change(plan, seq, entry.order, entry.at_ms)
    change.status, change.hold_state = "PAID", None
    change.paid_ms, change.ended_ms, change.payment = entry.at_ms, entry.at_ms, entry.payment
    plan.verdicts[entry.payment] = Verdict(entry.payment, verdict, None, entry.at_ms)
