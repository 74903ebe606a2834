"""Each script, driven from each state of a hold, makes the transitions drawn and no others."""

from collections.abc import Awaitable, Callable

import pytest

from lua import hold_states
from lua.begin_payment import begin_payment
from lua.close import close_lane
from lua.confirm import confirm
from lua.decline import decline
from lua.expire import expire
from lua.outcomes import Refund
from lua.refuse import refuse
from lua.release import release
from lua.retake import retake
from lua.store import Store
from tests.lua.clock import ClockedStore
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    buy,
    held,
    late,
    new_id,
    opened,
    paid,
    paying,
)

TTL_MS = 300_000
LONGER_MS = 2 * TTL_MS
REFUNDED_USER = 8

Orders = dict[str, tuple[int, str, str]]
"""State -> (user, order, payment)."""


async def orders_in_every_state(store: ClockedStore, base: str, *, short: bool) -> Orders:
    """An order in every state; a buyer may have one unit. In a short lane all are overdue."""
    made: Orders = {}
    if short:
        made["EXPIRING"] = (1, *await paying(store, 1, base=base))
        await store.pass_ms(TTL_MS)
        await expire(store, base, 1, 0)
    made["HELD"] = (2, await held(store, 2, base=base), new_id())
    made["PAYING"] = (3, *await paying(store, 3, base=base))
    made["PAID"] = (4, *await paid(store, 4, base=base))
    for user, state in (
        (5, "EXPIRED"),
        (6, "FAILED"),
        (7, "CANCELLED"),
        (REFUNDED_USER, "EXPIRED"),
    ):
        order = await held(store, user, base=base)
        await release(store, base, order, state, "setup")  # type: ignore[arg-type]
        made["REFUNDED" if user == REFUNDED_USER else state] = (user, order, new_id())
    await held(store, REFUNDED_USER, base=base)  # now the limit is reached
    _, order, payment = made["REFUNDED"]
    assert await retake(store, base, late(order, REFUNDED_USER), payment) == Refund("late")
    if short:
        await store.pass_ms(TTL_MS)
    return made


async def states_of(store: Store, base: str, made: Orders) -> dict[str, str]:
    """The state each order has now, by the one it was made in."""
    holds = (await check_laws(store, base)).holds
    return {state: holds[order].state for state, (_, order, _) in made.items()}


async def retake_too_late(store: Store, base: str, user: int, order: str, payment: str) -> object:
    await close_lane(store, base)
    return await retake(store, base, late(order, user), new_id())


Script = Callable[[Store, str, int, str, str], Awaitable[object]]
LIVE = hold_states.OPEN
SCRIPTS: dict[str, tuple[Script, set[tuple[str, str]]]] = {
    "begin_payment": (
        lambda s, b, user, order, payment: begin_payment(s, b, order, new_id(), 0),
        {("HELD", "PAYING"), ("HELD", "EXPIRED")},
    ),
    "decline": (
        lambda s, b, user, order, payment: decline(s, b, order, payment, "declined"),
        {("PAYING", "HELD"), ("PAYING", "EXPIRED"), ("EXPIRING", "EXPIRED")},
    ),
    "confirm": (
        lambda s, b, user, order, payment: confirm(s, b, order, new_id()),
        {(state, "PAID") for state in LIVE},
    ),
    "retake": (
        lambda s, b, user, order, payment: retake(s, b, late(order, user), new_id()),
        {("EXPIRED", "PAID"), ("FAILED", "PAID")},
    ),
    "retake when the sale closes": (
        retake_too_late,
        {("EXPIRED", "REFUNDED"), ("FAILED", "REFUNDED")},
    ),
    "refuse": (lambda s, b, user, order, payment: refuse(s, b, order, new_id(), "mismatch"), set()),
    "cancel": (
        lambda s, b, user, order, payment: release(
            s, b, order, "CANCELLED", "wish", user=user, payment=payment
        ),
        {(state, "CANCELLED") for state in LIVE},
    ),
    "fail": (
        lambda s, b, user, order, payment: release(s, b, order, "FAILED", "wish", payment=payment),
        {(state, "FAILED") for state in LIVE},
    ),
    "give up": (
        lambda s, b, user, order, payment: release(s, b, order, "EXPIRED", "wish", payment=payment),
        {(state, "EXPIRED") for state in LIVE},
    ),
    "release without naming the payment": (
        lambda s, b, user, order, payment: release(s, b, order, "CANCELLED", "wish", user=user),
        {("HELD", "CANCELLED")},
    ),
    "reserve": (
        lambda s, b, user, order, payment: buy(s, user, base=b),
        {("HELD", "EXPIRED")},
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_makes_its_transitions_and_no_others(
    clocked: ClockedStore, name: str
) -> None:
    script, wanted = SCRIPTS[name]
    seen: set[tuple[str, str]] = set()
    for base, ttl_ms in (("{1.0}", LONGER_MS), ("{2.0}", TTL_MS)):
        await opened(clocked, base, ttl_ms=ttl_ms, limit=1)
        made = await orders_in_every_state(clocked, base, short=ttl_ms == TTL_MS)
        for user, order, payment in made.values():
            await script(clocked, base, user, order, payment)
        after = await states_of(clocked, base, made)
        seen |= {(before, now) for before, now in after.items() if before != now}
    assert seen == wanted


async def test_expire_ends_what_is_over_and_leaves_what_is_not(clocked: ClockedStore) -> None:
    for base, ttl_ms, wanted in (
        ("{1.0}", LONGER_MS, {}),
        ("{2.0}", TTL_MS, {"HELD": "EXPIRED", "PAYING": "EXPIRING", "EXPIRING": "EXPIRED"}),
    ):
        await opened(clocked, base, ttl_ms=ttl_ms, limit=1)
        made = await orders_in_every_state(clocked, base, short=ttl_ms == TTL_MS)
        await expire(clocked, base, 100, LONGER_MS)
        after = await states_of(clocked, base, made)
        assert after == {state: wanted.get(state, state) for state in made}


def test_the_transitions_of_all_scripts_are_those_that_are_drawn() -> None:
    made = {step for _, steps in SCRIPTS.values() for step in steps}
    by_expire = {("HELD", "EXPIRED"), ("PAYING", "EXPIRING"), ("EXPIRING", "EXPIRED")}
    drawn = {(before, after) for before, nexts in hold_states.NEXT.items() for after in nexts}
    assert made | by_expire == drawn
