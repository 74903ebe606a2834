"""A lane written anew from what another place knows of it is the lane it was, and sells on."""

import json

import pytest

from lua import hold, keys, rebuild
from lua.confirm import confirm
from lua.expire import Expired, expire
from lua.gate import set_gate
from lua.outcomes import Closed, Confirmed
from lua.rebuild import Done, ItemTotals
from lua.reserve import Held
from lua.store import ScriptFailed, Store
from tests.lua.lane_laws import held_units, ledger, queues
from tests.lua.lane_state import LaneState, fingerprint, read_lane
from tests.lua.lanes import BASE, LONG_MS, buy, held, new_id, opened, paid, paying, server_ms

Pairs = list[tuple[str, str]]


async def totals_of(state: LaneState) -> list[ItemTotals]:
    return [
        ItemTotals(i.product, i.price_minor, i.limit, i.units, i.available, i.held, i.sold)
        for i in state.now.items.values()
    ]


async def write_again(store: Store, state: LaneState) -> None:
    """Write all of a lane that was read before, as recovery does."""
    now = state.now
    terms = (now.state, now.starts_ms, now.ends_ms, now.hold_ttl_ms, now.currency, now.opened_ms)
    conf = " ".join(map(str, terms))
    day = await server_ms(store) // keys.DAY_MS
    items = await totals_of(state)
    answer = await rebuild.begin(store, BASE, now.seq, conf, day, now.ceiling, items)
    assert answer == Done(now.seq + 1)
    slots: dict[int, Pairs] = {}
    for order, found in state.holds.items():
        slots.setdefault(keys.hold_slot(order), []).append((order, hold.write(found)))
    for known, (order, print_) in state.keys.items():
        slots[keys.hold_slot(order)].append((known, f"{order} {print_}"))
    for slot, pairs in slots.items():
        await rebuild.put(store, BASE, "HOLDS", slot, pairs)
    users = [
        (
            str(user),
            f"{record.tat_ms} "
            + (",".join(f"{p}={n}" for p, n in record.counts.items()) or "-")
            + " "
            + (",".join(record.orders) or "-"),
        )
        for user, record in state.users.items()
    ]
    await rebuild.put(store, BASE, "USERS", "", users)
    await rebuild.put(store, BASE, "VERDICTS", day % 2, list(state.verdicts.items()))
    await rebuild.put(store, BASE, "MOVES", "", [(move, "1") for move in state.moves])
    for product, due in state.due.items():
        await rebuild.queue(store, BASE, "DUE", product, [(ms, o) for o, ms in due.items()])
    await rebuild.queue(store, BASE, "PAYING", "", [(ms, o) for o, ms in state.paying.items()])
    await rebuild.queue(store, BASE, "EXPIRING", "", [(ms, o) for o, ms in state.expiring.items()])


async def test_a_lane_is_the_same_after_it_was_written_anew(store: Store) -> None:
    await opened(store, units=3_000, limit=2)
    for user in range(1, 1_102):  # more than one slice
        await held(store, user)
    order, payment = await paying(store, 2_000)
    await paid(store, 2_001)
    before = await read_lane(store, BASE)
    await set_gate(store, BASE, "closed")
    await write_again(store, before)
    assert await buy(store, 3) == Closed("closed:1")
    await set_gate(store, BASE, "open")
    after = await read_lane(store, BASE)
    assert [*ledger(after), *held_units(after), *queues(after)] == []
    for field in ("holds", "keys", "users", "due", "paying", "expiring", "verdicts", "moves"):
        assert getattr(after, field) == getattr(before, field)
    assert after.now.items == before.now.items
    assert [str(position) for position, _ in after.journal] == [f"1-{before.now.seq + 1}"]
    assert await confirm(store, BASE, order, payment) == Confirmed()
    assert isinstance(await buy(store, 3), Held)
    assert await expire(store, BASE, 10, LONG_MS) == Expired(0, 0)


async def test_a_lane_that_may_sell_is_never_dropped(store: Store) -> None:
    await opened(store)
    await held(store)
    state = await read_lane(store, BASE)
    before = await fingerprint(store.client)
    answer = await rebuild.begin(store, BASE, 5, "x", 1, 1, await totals_of(state))
    assert answer == Closed("open:1")
    with pytest.raises(ScriptFailed, match="Closed"):
        await rebuild.put(store, BASE, "MOVES", "", [(new_id(), "1")])
    with pytest.raises(ScriptFailed, match="Closed"):
        await rebuild.queue(store, BASE, "PAYING", "", [(1, new_id())])
    assert await fingerprint(store.client) == before


async def test_a_write_that_lost_its_script_is_an_error(store: Store) -> None:
    """Silence here would open a lane that has a part of its holds only."""
    await opened(store)
    await set_gate(store, BASE, "closed")
    await store.client.script_flush()
    with pytest.raises(ScriptFailed, match="noscript"):
        await rebuild.put(store, BASE, "MOVES", "", [(new_id(), "1")])


async def test_a_lane_that_is_missing_is_written_behind_a_closed_gate(store: Store) -> None:
    totals = [ItemTotals(7, 1999, 0, 10, 10, 0, 0)]
    day = await server_ms(store) // keys.DAY_MS
    conf = f"open 0 0 {LONG_MS} EUR 1"
    assert await rebuild.begin(store, BASE, 41, conf, day, 1_000, totals) == Done(42)
    assert await buy(store, 1) == Closed("closed:1")
    await set_gate(store, BASE, "open")
    outcome = await buy(store, 1)
    assert isinstance(outcome, Held)
    assert json.loads(outcome.lines) == [[7, 1, 1999]]
    assert (await read_lane(store, BASE)).now.seq == 43
