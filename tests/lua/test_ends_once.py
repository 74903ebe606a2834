"""Confirm, expire and cancel race for the same holds: each ends once, no unit is lost or made."""

import asyncio
import random
from collections import Counter

from lua.confirm import Gone, confirm
from lua.expire import Expired, expire
from lua.outcomes import Confirmed, Refund
from lua.release import Over, Released, release
from lua.reserve import Held
from lua.store import Store
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import BASE, PRODUCT, buy, new_id, opened, server_ms

HOLDS = 1_000
TTL_MS = 250
JITTER_S = 0.004
SEED = 20_260


async def pay(store: Store, order: str, dice: random.Random) -> str:
    """Two payments for one order; only the first may be taken."""
    await asyncio.sleep(dice.random() * JITTER_S)
    answers = [await confirm(store, BASE, order, new_id()) for _ in range(2)]
    assert answers.count(Confirmed()) <= 1
    if answers[0] == Confirmed():
        assert answers[1] == Refund("duplicate")
        return "paid"
    assert isinstance(answers[0], Gone | Refund)
    return "lost"


async def cancel(store: Store, order: str, dice: random.Random) -> str:
    await asyncio.sleep(dice.random() * JITTER_S)
    answer = await release(store, BASE, order, "CANCELLED", "wish")
    if answer == Released():
        return "cancelled"
    assert isinstance(answer, Over)
    return "lost"


async def expire_until(store: Store, dice: random.Random, done: asyncio.Event) -> int:
    """Small slices, two at a time, and after `done` until nothing is left. Gives how many ended."""
    ended = 0
    while True:
        last = done.is_set()
        slices = await asyncio.gather(*(expire(store, BASE, dice.randint(1, 9), 0) for _ in "ab"))
        found = sum(one.released for one in slices if isinstance(one, Expired))
        ended += found
        if last and not found:
            return ended
        await asyncio.sleep(dice.random() * JITTER_S)


async def test_1000_holds_end_once_each_whoever_comes_first(busy_store: Store) -> None:
    dice = random.Random(SEED)
    await opened(busy_store, units=HOLDS, ttl_ms=TTL_MS)
    orders = [new_id() for _ in range(HOLDS)]
    ends: Counter[str] = Counter()
    done = asyncio.Event()

    async def live(user: int, order: str) -> None:
        """Be bought, then be fought over at about the deadline."""
        outcome = await buy(busy_store, user, order=order)
        assert isinstance(outcome, Held)
        left_ms = outcome.deadline_ms - await server_ms(busy_store)
        await asyncio.sleep(max(0, left_ms - dice.random() * 12) / 1000)
        rivals = [pay(busy_store, order, dice), cancel(busy_store, order, dice)]
        dice.shuffle(rivals)
        ends.update(await asyncio.gather(*rivals))

    async def arrive() -> None:
        async with asyncio.TaskGroup() as group:
            for user, order in enumerate(orders, start=1):
                group.create_task(live(user, order))
                await asyncio.sleep(0.000_5)
        done.set()

    expired, _ = await asyncio.gather(expire_until(busy_store, dice, done), arrive())

    state = await check_laws(busy_store, BASE)
    by_state = Counter(hold.state for hold in state.holds.values())
    assert set(state.holds) == set(orders)
    assert by_state == {
        "PAID": ends["paid"],
        "CANCELLED": ends["cancelled"],
        "EXPIRED": expired,
    }
    assert by_state.total() == HOLDS
    assert min(by_state.values()) > HOLDS // 50
    item = state.now.items[PRODUCT]
    assert (item.held, item.sold) == (0, by_state["PAID"])
    assert item.available == HOLDS - by_state["PAID"]
