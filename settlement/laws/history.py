"""The journal: gapless, every order once, every end once, every verdict once."""

from settlement.laws import endings
from settlement.laws.evidence import FullEvidence
from settlement.laws.law import Law, counted, judge


def journal_gapless(evidence: FullEvidence) -> Law:
    """Each lane's settled journal runs from 1 to its cursor without a gap."""
    breaches, entries, lost = [], 0, 0
    for lane in evidence.lanes:
        rows = evidence.journal.get(lane.key)
        if rows is None:
            if lane.cursor.seq:
                breaches.append(f"{lane.key}: no entries, the cursor is at {lane.cursor.seq:,}")
            continue
        entries += rows.count
        lost += rows.lost
        if not (rows.first == 1 and rows.count + rows.lost == rows.last == lane.cursor.seq):
            breaches.append(
                f"{lane.key}: {rows.count:,} entries from {rows.first:,} to {rows.last:,},"
                f" the cursor is at {lane.cursor.seq:,}"
            )
    told = f"{counted(entries, 'entry', 'entries')} in {counted(len(evidence.lanes), 'lane')}"
    missing = f"{lost:,} known to be lost" if lost else "none missing"
    return judge("journal_gapless", breaches, f"{told}, {missing}")


def each_order_once(evidence: FullEvidence) -> Law:
    """Every `held` entry has exactly one order row, and every order row one such entry."""
    orders = evidence.orders
    breaches = [f"order {order} was acknowledged and has no row" for order in orders.missing]
    breaches += [f"order {order} has a row and was never held" for order in orders.unfounded]
    breaches += [f"order {order} was held more than once" for order in orders.twice]
    if not breaches and orders.entries - orders.aside != orders.orders:
        breaches.append(f"{orders.entries:,} holds were journaled, {orders.orders:,} have a row")
    told = f"{counted(orders.entries, 'hold')} journaled, {counted(orders.orders, 'order')}"
    return judge("each_order_once", breaches, told + _left_out(evidence))


def ends_once(evidence: FullEvidence) -> Law:
    """No order ended twice, was paid after its money went back, or lived after its end."""
    breaches, orders = [], 0
    for run, (count, example) in evidence.endings.items():
        orders += count
        wrong = endings.breach(run)
        if wrong is not None:
            many = f" and {count - 1:,} more" if count > 1 else ""
            breaches.append(f"order {example}{many}: {wrong} ({run})")
    told = f"{counted(orders, 'order')} with a legal history, in {len(evidence.endings)} kinds"
    return judge("ends_once", breaches, told + _left_out(evidence))


def verdicts_final(evidence: FullEvidence) -> Law:
    """Each payment has one verdict in the journal, and Postgres has the same."""
    told = f"{counted(evidence.verdicts, 'payment')} ruled on once"
    return judge("verdicts_final", evidence.verdict_breaches, told)


def _left_out(evidence: FullEvidence) -> str:
    """What cannot be judged any more is not passed over in silence."""
    lanes = evidence.salvaged
    return f"; {counted(lanes, 'lane')} with lost entries left out" if lanes else ""
