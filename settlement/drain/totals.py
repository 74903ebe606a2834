"""How an entry moves the units of an item: the one place that says so, for settlement and laws."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from lua import journal


class Delta(Struct):
    """A change of one item's units in a lane. ``returned``: units that left for the product."""

    units: int = 0
    available: int = 0
    held: int = 0
    sold: int = 0
    returned: int = 0


class Deltas(defaultdict[int, Delta]):
    """Changes by product."""

    def __init__(self) -> None:
        super().__init__(Delta)

    def apply(self, entry: journal.AnyEntry) -> None:
        """Add what ``entry`` moves. `Opened` counts as units that came."""
        match entry:
            case journal.Held(lines=lines):
                for product, quantity, _ in lines:
                    delta = self[product]
                    delta.available -= quantity
                    delta.held += quantity
            case journal.Paid(lines=lines):
                for product, quantity, _ in lines:
                    delta = self[product]
                    delta.held -= quantity
                    delta.sold += quantity
            case journal.Retaken(lines=lines):
                for product, quantity, _ in lines:
                    delta = self[product]
                    delta.available -= quantity
                    delta.sold += quantity
            case journal.Released(lines=lines, leaving=leaving):
                for product, quantity, _ in lines:
                    self[product].held -= quantity
                    self._back(product, quantity, leaving)
            case journal.Restocked(lines=lines, leaving=leaving):
                for product, quantity, _ in lines:
                    self[product].sold -= quantity
                    self._back(product, quantity, leaving)
            case journal.Adjusted(product=product, delta=change):
                self[product].units += change
                self[product].available += change
                self[product].returned += max(0, -change)
            case journal.Opened(items=items):
                for product, units in items:
                    self[product].units += units
                    self[product].available += units
            case journal.Closing(returned=returned):
                for product, units in returned:
                    self[product].available -= units
                    self[product].units -= units
                    self[product].returned += units
            case _:
                pass

    def _back(self, product: int, quantity: int, leaving: bool) -> None:
        delta = self[product]
        if leaving:
            delta.units -= quantity
            delta.returned += quantity
        else:
            delta.available += quantity


def deltas_of(entries: Iterable[journal.AnyEntry]) -> Deltas:
    """Return what a run of entries moves, by product."""
    deltas = Deltas()
    for entry in entries:
        deltas.apply(entry)
    return deltas
