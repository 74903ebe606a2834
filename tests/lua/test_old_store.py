"""A store that went backwards under its journal refuses every change before anything is changed.

The journal is ahead of the lane here, as after a restore of half of the data: the explicit id of
the first write is one that the stream has already.
"""

from collections.abc import Awaitable, Callable

import pytest

from lua import keys
from lua.adjust import adjust
from lua.begin_payment import begin_payment
from lua.close import close_lane
from lua.confirm import confirm
from lua.decline import decline
from lua.expire import expire
from lua.pause import pause
from lua.refuse import refuse
from lua.release import release
from lua.restock import restock
from lua.retake import retake
from lua.scripts import FORMAT
from lua.store import ScriptFailed, Store
from tests.lua.clock import GENERATION, ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lane_state import fingerprint
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    buy,
    held,
    late,
    lines_of,
    new_id,
    opened,
    paid,
    paying,
)

TTL_MS = 300_000
Ids = dict[str, str]

CHANGES: dict[str, Callable[[Store, Ids], Awaitable[object]]] = {
    "reserve": lambda store, ids: buy(store, 50),
    "reserve after a lazy release": lambda store, ids: buy(store, 50, 98),
    "begin_payment": lambda store, ids: begin_payment(store, BASE, ids["HELD"], new_id(), 0),
    "decline": lambda store, ids: decline(store, BASE, ids["PAYING"], ids["payment"], "why"),
    "confirm": lambda store, ids: confirm(store, BASE, ids["HELD"], new_id()),
    "confirm a second payment": lambda store, ids: confirm(store, BASE, ids["PAID"], new_id()),
    "retake": lambda store, ids: retake(store, BASE, late(ids["EXPIRED"], 4), new_id()),
    "refuse": lambda store, ids: refuse(store, BASE, ids["HELD"], new_id(), "mismatch"),
    "release": lambda store, ids: release(store, BASE, ids["HELD"], "CANCELLED", "wish"),
    "expire": lambda store, ids: expire(store, BASE, 100, 0),
    "adjust up": lambda store, ids: adjust(store, BASE, new_id(), PRODUCT, 5),
    "adjust down": lambda store, ids: adjust(store, BASE, new_id(), PRODUCT, -5),
    "restock": lambda store, ids: restock(store, BASE, new_id(), ids["PAID"], 3, lines_of()),
    "pause": lambda store, ids: pause(store, BASE, "paused"),
    "close": lambda store, ids: close_lane(store, BASE),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_journal_ahead_of_its_lane_refuses_before_anything_changed(
    clocked: ClockedStore, name: str
) -> None:
    await opened(clocked, units=100, ttl_ms=TTL_MS)
    ids = {"HELD": await held(clocked, 1)}
    ids["PAYING"], ids["payment"] = await paying(clocked, 2)
    ids["PAID"], _ = await paid(clocked, 3)
    ids["EXPIRED"] = await held(clocked, 4)
    await release(clocked, BASE, ids["EXPIRED"], "EXPIRED", "deadline")
    state = await check_laws(clocked, BASE)
    await clocked.pass_ms(TTL_MS)
    await clocked.client.xadd(
        keys.key(BASE, "JOURNAL"), {FORMAT: '["resumed",1]'}, id=f"{GENERATION}-{state.now.seq + 9}"
    )
    before = await fingerprint(clocked.client)
    with pytest.raises(ScriptFailed, match="XADD"):
        await CHANGES[name](clocked, ids)
    assert await fingerprint(clocked.client) == before
