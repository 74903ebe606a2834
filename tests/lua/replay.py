"""What the journal alone says: entries from the first one on, added up from empty.

Written from the meaning of the entries (`lua/journal.py`), knowing nothing of the scripts.
"""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct, field

from lua import journal
from lua.journal import AnyEntry, Line, Position


class Item(Struct):
    units: int = 0
    available: int = 0
    held: int = 0
    sold: int = 0


class Order(Struct):
    state: str
    seq: int
    user: int
    deadline_ms: int
    lines: list[Line]
    payment: str = "-"


class Replay(Struct):
    """A lane as its journal tells it. `refused` are entries that no lane could have written."""

    state: str = "none"
    seq: int = 0
    items: defaultdict[int, Item] = field(default_factory=lambda: defaultdict(Item))
    orders: dict[str, Order] = field(default_factory=dict)
    counts: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    verdicts: dict[str, str] = field(default_factory=dict)
    moves: set[str] = field(default_factory=set)
    endings: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)

    def add_all(self, entries: Iterable[tuple[Position, AnyEntry]]) -> "Replay":
        for position, entry in entries:
            if position.seq != self.seq + 1:
                self.refused.append(f"{position} does not follow {self.seq}")
            self.seq = position.seq
            self.add(entry)
        return self

    def add(self, entry: AnyEntry) -> None:
        match entry:
            case journal.Opened(items):
                self.state = "open"
                for product, units in items:
                    self.items[product] = Item(units, units)
            case journal.Held():
                self._hold(entry)
            case journal.Paying(order, payment, deadline_ms):
                self._turn(order, {"HELD"}, "PAYING", payment)
                self.orders[order].deadline_ms = deadline_ms
            case journal.Declined(order):
                self._turn(order, {"PAYING"}, "HELD", "-")
            case journal.Expiring(order, payment):
                self._turn(order, {"PAYING"}, "EXPIRING", payment)
            case journal.Paid(order, payment, lines):
                self._end(order, {"HELD", "PAYING", "EXPIRING"}, "PAID", payment)
                self._move(lines, held=-1, sold=1)
                self._rule(payment, "confirmed")
            case journal.Retaken(order, payment, lines):
                self._end(order, {"EXPIRED", "FAILED"}, "PAID", payment)
                self._move(lines, available=-1, sold=1)
                self._count(self.orders[order].user, lines, 1)
                self._rule(payment, "retaken")
            case journal.Refund(order, payment, reason):
                self._rule(payment, f"refund:{reason}")
                self._refund(order, reason)
            case journal.Released(order, state, _, lines, leaving):
                self._end(order, {"HELD", "PAYING", "EXPIRING"}, state, None)
                self._give_back(lines, leaving, held=-1)
                self._count(self.orders[order].user, lines, -1)
            case journal.Adjusted(product, delta, move):
                self._move([(product, delta, 0)], units=1, available=1)
                self._once(move)
            case journal.Restocked(order, move, lines, leaving):
                self._give_back(lines, leaving, sold=-1)
                self._count(self.orders[order].user, lines, -1)
                self._once(move)
            case journal.Paused():
                self.state = "paused"
            case journal.Resumed():
                self.state = "open"
            case journal.Closing(returned):
                self.state = "closing"
                self._move([(p, units, 0) for p, units in returned], units=-1, available=-1)
            case journal.Ended():
                self.state = "closed"
            case journal.Rebuilt():
                self.refused.append("a rebuilt lane starts a new replay")

    def _hold(self, entry: journal.Held) -> None:
        if entry.order in self.orders:
            self.refused.append(f"{entry.order} held twice")
        total_minor = sum(quantity * price_minor for _, quantity, price_minor in entry.lines)
        if total_minor != entry.total_minor:
            self.refused.append(f"{entry.order} costs {total_minor}, not {entry.total_minor}")
        order = Order("HELD", self.seq, entry.user, entry.deadline_ms, entry.lines)
        self.orders[entry.order] = order
        self._move(entry.lines, available=-1, held=1)
        self._count(entry.user, entry.lines, 1)

    def _turn(self, order: str, before: set[str], after: str, payment: str | None) -> None:
        found = self.orders[order]
        if found.state not in before:
            self.refused.append(f"{order} went from {found.state} to {after}")
        found.state, found.seq = after, self.seq
        found.payment = found.payment if payment is None else payment

    def _end(self, order: str, before: set[str], after: str, payment: str | None) -> None:
        self._turn(order, before, after, payment)
        self.endings[order].append(after)

    def _refund(self, order: str, reason: str) -> None:
        """Late money that goes back ends its order for good; other refunds leave it as it is."""
        found = self.orders.get(order)
        if found is not None and reason == "late" and found.state in {"EXPIRED", "FAILED"}:
            found.state, found.seq = "REFUNDED", self.seq

    def _give_back(self, lines: list[Line], leaving: bool, *, held: int = 0, sold: int = 0) -> None:
        if leaving:
            self._move(lines, units=-1, held=held, sold=sold)
        else:
            self._move(lines, available=1, held=held, sold=sold)

    def _move(
        self,
        lines: list[Line],
        *,
        units: int = 0,
        available: int = 0,
        held: int = 0,
        sold: int = 0,
    ) -> None:
        for product, quantity, _ in lines:
            item = self.items[product]
            item.units += units * quantity
            item.available += available * quantity
            item.held += held * quantity
            item.sold += sold * quantity

    def _count(self, user: int, lines: list[Line], sign: int) -> None:
        for product, quantity, _ in lines:
            self.counts[user, product] += sign * quantity

    def _rule(self, payment: str, verdict: str) -> None:
        if payment in self.verdicts:
            self.refused.append(f"a second verdict on {payment}: {verdict}")
        self.verdicts[payment] = verdict

    def _once(self, move: str) -> None:
        if move in self.moves:
            self.refused.append(f"the stock move {move} was made twice")
        self.moves.add(move)
