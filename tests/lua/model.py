"""A lane in plain Python: what each script must answer and change, given the server's clock.

This is the state and the moves that scripts have in common; `model_buyers`, `model_money` and
`model_staff` have a function a script, written from its contract: it takes `now`, answers the
binding's outcome and changes the lane. `view` is what can be compared with the store.
"""

import json
from typing import Any

from msgspec import Struct, field

from lua import (
    outcomes,
)
from lua.hold import Hold
from lua.hold_states import OPEN
from lua.open import Item
from tests.lua.lane_state import LaneState, User

CURRENCY = "EUR"
Lines = list[tuple[int, int]]


class Stock(Struct):
    """An item's totals."""

    units: int
    available: int
    held: int = 0
    sold: int = 0
    back: int = 0


class Order(Struct):
    """A hold and what became of it; `due_ms` is its place in a queue."""

    state: str
    seq: int
    user: int
    lines: Lines
    created_ms: int
    deadline_ms: int
    due_ms: int
    payment: str = "-"


class Buyer(Struct):
    tat_ms: int = 0
    counts: dict[int, int] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)


class Model(Struct):
    """The lane. `keys`: (user, key) -> (order, sorted lines)."""

    items: dict[int, Item]
    ttl_ms: int
    ceiling: int
    generation: int
    gate: str = "open"
    state: str = "open"
    seq: int = 1
    stock: dict[int, Stock] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    keys: dict[tuple[int, str], tuple[str, Lines]] = field(default_factory=dict)
    buyers: dict[int, Buyer] = field(default_factory=dict)
    verdicts: dict[str, outcomes.Confirmed | outcomes.Retaken | outcomes.Refund] = field(
        default_factory=dict
    )
    moves: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for item in self.items.values():
            self.stock.setdefault(item.product, Stock(item.units, item.units))

    @property
    def closed(self) -> outcomes.Closed | None:
        return None if self.gate == "open" else outcomes.Closed(self.gate_now)

    @property
    def gate_now(self) -> str:
        return f"{self.gate}:{self.generation}"

    @property
    def leaving(self) -> bool:
        return self.state in {"closing", "closed"}

    def moments(self) -> list[int]:
        """When something will be over."""
        return [order.due_ms for order in self.orders.values() if order.state in OPEN]

    def view(self) -> dict[str, Any]:
        """Everything a test compares with `view_of` the store."""
        return {
            "sale": (self.gate_now, self.state, self.seq, self.ceiling),
            "stock": {
                p: (s.units, s.available, s.held, s.sold, s.back) for p, s in self.stock.items()
            },
            "holds": {order: self.record(found) for order, found in self.orders.items()},
            "due": {
                (order, found.due_ms) for order, found in self.orders.items() if found.state in OPEN
            },
            "keys": dict(self.keys.values()),
            "users": {u: User(b.tat_ms, b.counts, b.orders) for u, b in self.buyers.items()},
            "verdicts": set(self.verdicts),
            "moves": self.moves,
        }

    def held(self, product: int) -> dict[str, Order]:
        return {
            order: found
            for order, found in self.orders.items()
            if found.state == "HELD" and product in dict(found.lines)
        }

    def release_overdue(self, now: int, product: int, most: int) -> int:
        due = sorted((o.due_ms, order) for order, o in self.held(product).items())
        over = [order for due_ms, order in due if due_ms <= now][: max(most, 0)]
        for order in over:
            self.end(self.orders[order], "EXPIRED")
        return len(over)

    def over(self, now: int, state: str) -> list[str]:
        found = [(o.due_ms, order) for order, o in self.orders.items() if o.state == state]
        return [order for due_ms, order in sorted(found) if due_ms <= now]

    def write(self, found: Order, state: str, payment: str) -> None:
        self.seq += 1
        found.state, found.payment, found.seq = state, payment, self.seq
        found.due_ms = found.deadline_ms

    def end(self, found: Order, state: str) -> None:
        self.write(found, state, found.payment)
        for product, quantity in found.lines:
            self.stock[product].held -= quantity
            self.come_back(product, quantity)
        self.count(found.user, found.lines, -1)

    def come_back(self, product: int, quantity: int) -> None:
        stock = self.stock[product]
        if self.leaving:
            stock.units -= quantity
            return
        stock.back += stock.available == 0
        stock.available += quantity

    def refund(self, payment: str, reason: str) -> outcomes.Refund:
        self.seq += 1
        self.verdicts[payment] = outcomes.Refund(reason)
        return outcomes.Refund(reason)

    def count(self, user: int, lines: Lines, sign: int) -> None:
        buyer = self.buyers.setdefault(user, Buyer())
        for product, quantity in lines:
            count = buyer.counts.pop(product, 0) + sign * quantity
            if count > 0:
                buyer.counts[product] = count

    def total(self, lines: Lines) -> int:
        return sum(self.items[product].price_minor * quantity for product, quantity in lines)

    def lines_json(self, lines: Lines) -> str:
        priced = [[p, quantity, self.items[p].price_minor] for p, quantity in lines]
        return json.dumps(priced, separators=(",", ":"))

    def record(self, found: Order) -> Hold:
        return Hold(
            found.state,
            found.seq,
            found.user,
            found.created_ms,
            found.deadline_ms,
            self.total(found.lines),
            found.payment,
            self.lines_json(found.lines),
        )


def view_of(state: LaneState) -> dict[str, Any]:
    """The store in the shape of `Model.view`."""
    now = state.now
    due = {
        item
        for queue in (state.paying, state.expiring, *state.due.values())
        for item in queue.items()
    }
    return {
        "sale": (now.gate, now.state, now.seq, now.ceiling),
        "stock": {
            i.product: (i.units, i.available, i.held, i.sold, i.back) for i in now.items.values()
        },
        "holds": state.holds,
        "due": due,
        "keys": {
            order: sorted((p, q) for p, q, _ in json.loads(state.holds[order].lines))
            for order, _ in state.keys.values()
        },
        "users": state.users,
        "verdicts": set(state.verdicts),
        "moves": state.moves,
    }
