"""Units: conserved in each store, the same in both, and the sum of the holds and the orders."""

from collections.abc import Mapping

from lua.snapshot import ItemNow
from settlement.drain.totals import Delta
from settlement.laws.evidence import Evidence, FullEvidence, LaneEvidence, Moved, OrderUnits
from settlement.laws.law import Law, counted, judge


def conservation_in_valkey(evidence: Evidence) -> Law:
    """In the store, units = available + held + sold for every item, and none is negative."""
    items = [
        (f"{lane.key} product {item.product}", item)
        for lane in evidence.lanes
        if lane.now is not None
        for item in lane.now.items.values()
    ]
    return _conservation("conservation_in_valkey", items)


def conservation_in_postgres(evidence: Evidence) -> Law:
    """The same of the settled totals, and nothing returned is negative."""
    items = [
        (f"{lane.key} product {product}", totals)
        for lane in evidence.lanes
        for product, totals in lane.settled.items()
    ]
    return _conservation("conservation_in_postgres", items)


def stores_agree(evidence: Evidence) -> Law:
    """Postgres, with the entries that wait applied, has the totals of the store."""
    breaches, items, waiting = [], 0, 0
    for lane in evidence.lanes:
        waiting += lane.between.entries
        if lane.between.postponed or (lane.now is None and not _should_be_there(lane)):
            continue
        items += len(lane.settled)
        breaches += _differences(lane)
    told = f"{counted(items, 'item')} equal in Valkey and Postgres"
    if waiting:
        entries = counted(waiting, "journal entry", "journal entries")
        postponed = any(lane.between.postponed for lane in evidence.lanes)
        told += f"; {entries} wait, too many to compare now" if postponed else f", {entries} ahead"
    return judge("stores_agree", breaches, told)


def holds_add_up(evidence: FullEvidence) -> Law:
    """The live holds of the store, one by one, add up to what its items count as held."""
    breaches, holds, units = [], 0, 0
    for key, books in evidence.store_books.items():
        holds += books.held.holds
        units += sum(books.held.found.values())
        breaches += [
            f"{key} product {product}: holds add up to {books.held.found.get(product, 0):,},"
            f" the item counts {books.held.expected.get(product, 0):,} held"
            for product in sorted({*books.held.found, *books.held.expected})
            if books.held.found.get(product, 0) != books.held.expected.get(product, 0)
        ]
    told = f"{counted(holds, 'live hold')} with {counted(units, 'unit')}, as many as are held"
    return judge("holds_add_up", breaches, told)


def orders_add_up(evidence: FullEvidence) -> Law:
    """Pending order lines add up to the settled held units, paid ones to the sold units."""
    breaches, held, sold = [], 0, 0
    for lane in evidence.lanes:
        products = {p for key, p in evidence.order_units if key == lane.key} | {*lane.settled}
        for product in sorted(products):
            orders = evidence.order_units.get((lane.key, product), OrderUnits())
            aside = evidence.aside.get((lane.key, product), Delta())
            totals = lane.settled.get(product, Delta())
            found = (orders.held + aside.held, orders.sold - orders.restocked + aside.sold)
            held, sold = held + found[0], sold + found[1]
            if found != (totals.held, totals.sold):
                breaches.append(
                    f"{lane.key} product {product}: orders have {found[0]:,} held and"
                    f" {found[1]:,} sold, the item {totals.held:,} and {totals.sold:,}"
                )
    told = f"order lines add up to {held:,} held and {sold:,} sold"
    return judge("orders_add_up", breaches, told)


def product_stock_ledger(evidence: FullEvidence) -> Law:
    """What stock moves gave an item is still in its sale or went back, and no move is stuck."""
    breaches, units = [], 0
    for lane in evidence.lanes:
        products = {p for key, p in evidence.moves if key == lane.key} | {*lane.settled}
        for product in sorted(products):
            moved = evidence.moves.get((lane.key, product), Moved())
            totals = lane.settled.get(product, Delta())
            units += moved.given
            where = f"{lane.key} product {product}"
            if moved.stuck:
                breaches.append(f"{where}: {counted(moved.stuck, 'stock move')} not finished")
            elif moved.given != totals.units + totals.returned:
                breaches.append(
                    f"{where}: {moved.given:,} given, {totals.units:,} there"
                    f" + {totals.returned:,} returned"
                )
    told = f"{counted(units, 'unit')} given to sales are there, sold or returned"
    return judge("product_stock_ledger", breaches, told)


def _conservation(name: str, items: list[tuple[str, ItemNow]] | list[tuple[str, Delta]]) -> Law:
    breaches = [
        f"{where}: {item.units:,} units, but {item.available:,} available + {item.held:,} held"
        f" + {item.sold:,} sold"
        for where, item in items
        if item.units != item.available + item.held + item.sold
        or min(item.units, item.available, item.held, item.sold) < 0
    ]
    units, available, held, sold = (
        sum(getattr(item, field) for _, item in items)
        for field in ("units", "available", "held", "sold")
    )
    told = f"{units:,} units = {available:,} available + {held:,} held + {sold:,} sold"
    return judge(name, breaches, f"{told}, {counted(len(items), 'item')}")


def _should_be_there(lane: LaneEvidence) -> bool:
    """A lane at 0 is being opened; one of an old sale has been forgotten by the store."""
    return lane.asked and lane.cursor.seq > 0


def _differences(lane: LaneEvidence) -> list[str]:
    if lane.now is None:
        return [f"{lane.key}: settled up to {lane.cursor.seq:,}, the store has no such lane"]
    if lane.now.seq < lane.cursor.seq:
        return [f"{lane.key}: settled up to {lane.cursor.seq:,}, the store is at {lane.now.seq:,}"]
    if lane.between.gap:
        return [f"{lane.key}: the journal has a gap: {lane.between.gap}"]
    breaches = []
    for product in sorted({*lane.settled, *lane.now.items}):
        stored, settled = lane.now.items.get(product), _caught_up(lane, product)
        found = (0, 0, 0, 0) if stored is None else _tuple(stored)
        if found != _tuple(settled):
            breaches.append(
                f"{lane.key} product {product}: Valkey has {_words(found)},"
                f" Postgres {_words(_tuple(settled))}"
            )
    return breaches


def _caught_up(lane: LaneEvidence, product: int) -> Delta:
    deltas: Mapping[int, Delta] = lane.between.deltas
    settled, delta = lane.settled.get(product, Delta()), deltas.get(product, Delta())
    return Delta(
        units=settled.units + delta.units,
        available=settled.available + delta.available,
        held=settled.held + delta.held,
        sold=settled.sold + delta.sold,
    )


def _tuple(item: Delta | ItemNow) -> tuple[int, int, int, int]:
    return item.units, item.available, item.held, item.sold


def _words(units: tuple[int, int, int, int]) -> str:
    return f"{units[0]:,} = {units[1]:,} + {units[2]:,} + {units[3]:,}"
