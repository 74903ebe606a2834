"""Units come and go between product and sale once a move, and never those that somebody holds."""

from lua.adjust import Adjusted, InUse, NotOpen, adjust
from lua.close import Closing, Ended, close_lane
from lua.confirm import confirm
from lua.forget import Forgotten, Live, forget
from lua.journal import Closing as ClosingEntry
from lua.journal import Released, Restocked
from lua.open import Item
from lua.outcomes import Already, Confirmed, NotInSale
from lua.release import release
from lua.reserve import Held, LimitReached, reserve
from lua.restock import NotSold, restock
from lua.restock import Restocked as Done
from lua.store import Store
from lua.sweep import Swept, sweep
from tests.lua.lane_laws import check_laws
from tests.lua.lanes import (
    BASE,
    PRODUCT,
    buy,
    held,
    lines_of,
    new_id,
    opened,
    paid,
)


async def test_units_are_added_once_a_move(store: Store) -> None:
    await opened(store, units=5)
    move = new_id()
    assert await adjust(store, BASE, move, PRODUCT, 3) == Adjusted(8, 8)
    assert await adjust(store, BASE, move, PRODUCT, 3) == Already()
    assert await adjust(store, BASE, new_id(), 99, 3) == NotInSale(99)
    await check_laws(store, BASE)


async def test_only_what_is_available_is_taken_back(store: Store) -> None:
    await opened(store, units=5)
    await held(store, 1, 2)
    assert await adjust(store, BASE, new_id(), PRODUCT, -4) == InUse(3)
    assert await adjust(store, BASE, new_id(), PRODUCT, -3) == Adjusted(2, 0)
    await check_laws(store, BASE)


async def test_restocked_units_are_on_sale_again_and_the_buyer_may_buy_again(store: Store) -> None:
    await opened(store, units=1, limit=1)
    order, _ = await paid(store, 1)
    assert await buy(store, 1) == LimitReached(PRODUCT, 1)
    move = new_id()
    assert await restock(store, BASE, move, order, 1, lines_of()) == Done()
    assert await restock(store, BASE, move, order, 1, lines_of()) == Already()
    assert await restock(store, BASE, new_id(), order, 1, lines_of()) == NotSold(PRODUCT)
    assert isinstance(await buy(store, 1), Held)
    await check_laws(store, BASE)


async def test_a_closing_sale_gives_everything_back_to_its_products_exactly_once(
    store: Store,
) -> None:
    """What leaves at the close, at the end of each hold and by restock adds up to all but sold."""
    await opened(store, items=[Item(1, 10, 100, 0), Item(2, 5, 50, 0)])
    order, other, kept = new_id(), new_id(), new_id()
    await reserve(store, BASE, order, 1, "a", [(1, 2), (2, 1)])
    await reserve(store, BASE, other, 2, "b", [(1, 3)])
    await reserve(store, BASE, kept, 3, "c", [(1, 1)])
    assert await forget(store, BASE) == Live("open")
    assert await close_lane(store, BASE) == Closing(7)
    assert await close_lane(store, BASE) == Closing(7)
    assert await adjust(store, BASE, new_id(), 1, 1) == NotOpen("closing")
    await release(store, BASE, order, "CANCELLED", "wish")
    assert await confirm(store, BASE, other, new_id()) == Confirmed()
    assert await confirm(store, BASE, kept, new_id()) == Confirmed()
    assert await restock(store, BASE, new_id(), other, 2, "[[1,3,100]]") == Done()
    assert await forget(store, BASE) == Live("closing")
    assert await close_lane(store, BASE) == Ended()
    assert await close_lane(store, BASE) == Ended()
    state = await check_laws(store, BASE)
    left: dict[int, int] = {1: 0, 2: 0}
    for _, entry in state.journal:
        match entry:
            case ClosingEntry(returned):
                for product, units in returned:
                    left[product] += units
            case Released(lines=lines, leaving=True) | Restocked(lines=lines, leaving=True):
                for product, quantity, _ in lines:
                    left[product] += quantity
            case _:
                pass
    assert left == {1: 9, 2: 5}
    assert {p: (i.units, i.sold) for p, i in state.now.items.items()} == {1: (1, 1), 2: (0, 0)}
    assert await forget(store, BASE) == Forgotten()
    assert await store.client.keys() == []


async def test_buyers_of_whom_nothing_is_left_are_forgotten_and_the_others_are_not(
    store: Store,
) -> None:
    await opened(store, units=1_000)
    for user in range(1, 301):
        order = await held(store, user)
        if user % 3:
            await release(store, BASE, order, "CANCELLED", "wish")
    await reserve(store, BASE, new_id(), 901, "k", [(99, 1)], 5, 60_000)  # rate-limited just now
    cursor = removed = slices = 0
    while slices == 0 or cursor:
        found = await sweep(store, BASE, cursor, 50)
        assert isinstance(found, Swept)
        cursor, removed, slices = found.cursor, removed + found.removed, slices + 1
    assert removed == 200
    state = await check_laws(store, BASE)
    assert set(state.users) == {*range(3, 301, 3), 901}
