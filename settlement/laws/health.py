"""Who serves, what is overdue, what was set aside."""

from settlement.laws.evidence import Evidence, FullEvidence
from settlement.laws.law import Law, counted, judge
from settlement.laws.read_store import OVERDUE_MS


def generation_agrees(evidence: Evidence) -> Law:
    """Postgres, the store, its scripts and the gate of every lane are of one generation."""
    serving = evidence.serving
    breaches = []
    if serving.store != serving.postgres:
        breaches.append(
            f"the store serves generation {serving.store}, Postgres has {serving.postgres}"
        )
    elif not serving.scripts:
        breaches.append(f"the store lacks scripts of generation {serving.store}: sales are stopped")
    breaches += [
        f"the gate of {lane.key} is {lane.now.gate!r} at generation {serving.postgres}"
        for lane in evidence.lanes
        if lane.now is not None and lane.now.gate != f"open:{serving.postgres}"
    ]
    told = f"generation {serving.postgres} everywhere, gates open"
    return judge("generation_agrees", breaches, told)


def no_overdue_holds(evidence: Evidence) -> Law:
    """No hold is much older than its deadline, and none waits much longer than its grace."""
    breaches = []
    for lane in evidence.lanes:
        breaches += [
            f"{lane.key}: {counted(count, f'{state} hold')} overdue by more than"
            f" {OVERDUE_MS // 1000} s"
            for state, count in (
                ("unpaid", lane.overdue.held),
                ("paying", lane.overdue.paying),
                ("expiring", lane.overdue.expiring),
            )
            if count
        ]
    if isinstance(evidence, FullEvidence):
        breaches += [f"order {order} is pending past its end" for order in evidence.overdue_orders]
    return judge("no_overdue_holds", breaches, "none")


def no_dead_letters(evidence: Evidence) -> Law:
    """Nothing that happened was refused by Postgres and set aside."""
    breaches = [
        f"{counted(count, f'{word!r} entry', f'{word!r} entries')} set aside"
        for word, count in evidence.dead_letters.items()
    ]
    return judge("no_dead_letters", breaches, "none")
