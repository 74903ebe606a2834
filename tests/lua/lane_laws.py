"""The laws of a lane: what is true after every script. One function a law; it names its culprits.

`check_laws` holds a lane's records against each other and against the replay of its whole journal.
"""

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from lua import hold_states, journal
from lua.hold import Hold
from lua.journal import AnyEntry, Line, Position
from lua.reserve import digest
from lua.store import Store
from tests.lua.lane_state import LaneState, read_lane
from tests.lua.replay import Replay


async def check_laws(store: Store, base: str) -> LaneState:
    """Read the lane, assert all its laws, and give it. Its journal must not have been trimmed."""
    state = await read_lane(store, base)
    assert broken(state, state.journal) == []
    return state


def broken(state: LaneState, entries: list[tuple[Position, AnyEntry]]) -> list[str]:
    """Every law that does not hold, in words; `entries` is the whole journal from the first on."""
    replay = Replay().add_all(entries)
    return [
        *ledger(state),
        *held_units(state),
        *queues(state),
        *journal_without_gap(state),
        *replay.refused,
        *totals_of_replay(state, replay),
        *orders_of_replay(state, replay),
        *counts_of_replay(state, replay),
        *limits(state),
        *verdicts_of_replay(state, replay),
        *keys_of_replay(state, entries),
    ]


def lines(hold: Hold) -> list[Line]:
    """The lines of a hold."""
    return msgspec.json.decode(hold.lines, type=list[Line])


def ledger(state: LaneState) -> Iterator[str]:
    """Never oversell: units = available + held + sold, none of them below 0."""
    for item in state.now.items.values():
        parts = (item.available, item.held, item.sold)
        if item.units != sum(parts) or min(parts) < 0:
            yield f"ledger: {item}"


def held_units(state: LaneState) -> Iterator[str]:
    """The held units of an item are those of its live holds."""
    found = dict.fromkeys(state.now.items, 0)
    for hold in state.holds.values():
        if hold.state in hold_states.OPEN:
            for product, quantity, _ in lines(hold):
                found[product] += quantity
    for product, quantity in found.items():
        if state.now.items[product].held != quantity:
            yield f"held: {state.now.items[product]}, live holds have {quantity}"


def queues(state: LaneState) -> Iterator[str]:
    """The due, paying and expiring queues have exactly the holds of that state."""
    for product, due in state.due.items():
        wanted = {
            order: hold.deadline_ms
            for order, hold in state.holds.items()
            if hold.state == "HELD" and product in {line[0] for line in lines(hold)}
        }
        if due != wanted:
            yield f"due {product}: {due}, HELD are {wanted}"
    paying = {o: hold.deadline_ms for o, hold in state.holds.items() if hold.state == "PAYING"}
    if state.paying != paying:
        yield f"paying: {state.paying}, PAYING are {paying}"
    expiring = {order for order, hold in state.holds.items() if hold.state == "EXPIRING"}
    if set(state.expiring) != expiring:
        yield f"expiring: {state.expiring}, EXPIRING are {expiring}"


def journal_without_gap(state: LaneState) -> Iterator[str]:
    """What is kept of the journal has no gap and ends at the lane's seq."""
    seqs = [position.seq for position, _ in state.journal]
    if any(later != earlier + 1 for earlier, later in pairwise(seqs)):
        yield f"gap in the journal: {seqs}"
    if seqs and seqs[-1] != state.now.seq:
        yield f"the journal ends at {seqs[-1]}, the lane at {state.now.seq}"


def totals_of_replay(state: LaneState, replay: Replay) -> Iterator[str]:
    """The journal, replayed from empty, gives exactly the totals and the state of the sale."""
    if (replay.seq, replay.state) != (state.now.seq, state.now.state):
        yield f"replay ends at {replay.seq} {replay.state}, the lane at {state.now}"
    for product, item in state.now.items.items():
        found = replay.items[product]
        told = (found.units, found.available, found.held, found.sold)
        if told != (item.units, item.available, item.held, item.sold):
            yield f"replay: {product} is {told}, the lane has {item}"


def orders_of_replay(state: LaneState, replay: Replay) -> Iterator[str]:
    """Each hold is as its journal entries tell; its `seq` is that of the last of them."""
    if set(state.holds) != set(replay.orders):
        yield f"holds: {set(state.holds) ^ set(replay.orders)} are in one place only"
        return
    for order, hold in state.holds.items():
        told = replay.orders[order]
        same = (
            told.state == hold.state
            and told.seq == hold.seq
            and told.user == hold.user
            and told.deadline_ms == hold.deadline_ms
            and told.payment == hold.payment
            and told.lines == lines(hold)
        )
        if not same:
            yield f"hold {order}: {hold}, its journal tells {told}"
    for order, ends in replay.endings.items():
        if len([end for end in ends if end != "PAID"]) > 1 or ends.count("PAID") > 1:
            yield f"{order} ended more than once: {ends}"


def counts_of_replay(state: LaneState, replay: Replay) -> Iterator[str]:
    """A buyer's counts are the units that the journal says they hold or bought."""
    told = {who: count for who, count in replay.counts.items() if count != 0}
    counts = {
        (user, product): count
        for user, record in state.users.items()
        for product, count in record.counts.items()
    }
    if counts != told:
        yield f"counts: {counts}, the journal tells {told}"


def limits(state: LaneState) -> Iterator[str]:
    """Nobody holds or has bought more than the limit of an item."""
    for user, record in state.users.items():
        for product, count in record.counts.items():
            limit = state.now.items[product].limit
            if limit and count > limit:
                yield f"user {user} has {count} of {product}, the limit is {limit}"


def verdicts_of_replay(state: LaneState, replay: Replay) -> Iterator[str]:
    """One verdict a payment, the one that was journaled."""
    if state.verdicts != replay.verdicts:
        yield f"verdicts: {state.verdicts}, journaled {replay.verdicts}"


def keys_of_replay(state: LaneState, entries: list[tuple[Position, AnyEntry]]) -> Iterator[str]:
    """One order a buyer and idempotency key, with the fingerprint of its body."""
    told = [
        (digest(entry.user, entry.key), (entry.order, entry.fingerprint))
        for _, entry in entries
        if isinstance(entry, journal.Held)
    ]
    if len(dict(told)) != len(told):
        yield "an idempotency key made two orders"
    if state.keys != dict(told):
        yield f"keys: {state.keys}, journaled {dict(told)}"
