"""What the engine and its staff must do to the model."""

import lua.adjust
import lua.close
import lua.expire
import lua.outcomes
import lua.pause
import lua.restock
import lua.trim
from tests.lua.model import Model


def expire(lane: Model, now: int, most: int, grace_ms: int) -> object:
    if lane.closed:
        return lane.closed
    released = 0
    for product in lane.items:
        released += lane.release_overdue(now, product, most - released)
    over = lane.over(now, "EXPIRING")[: most - released]
    for order in over:
        lane.end(lane.orders[order], "EXPIRED")
    released += len(over)
    late = lane.over(now, "PAYING")[: most - released]
    for order in late:
        found = lane.orders[order]
        lane.write(found, "EXPIRING", found.payment)
        found.due_ms = now + grace_ms
    return lua.expire.Expired(released, len(late))


def adjust(lane: Model, _: int, move: str, product: int, delta: int) -> object:
    if lane.closed or move in lane.moves:
        return lane.closed or lua.outcomes.Already()
    if lane.leaving:
        return lua.adjust.NotOpen(lane.state)
    stock = lane.stock.get(product)
    if not stock:
        return lua.outcomes.NotInSale(product)
    if stock.available + delta < 0:
        return lua.adjust.InUse(stock.available)
    lane.seq += 1
    lane.moves.add(move)
    stock.units += delta
    if delta > 0:
        lane.come_back(product, delta)
    else:
        stock.available += delta
    return lua.adjust.Adjusted(stock.units, stock.available)


def restock(lane: Model, _: int, move: str, order: str) -> object:
    found = lane.orders[order]
    if lane.closed or move in lane.moves:
        return lane.closed or lua.outcomes.Already()
    for product, quantity in found.lines:
        if lane.stock[product].sold < quantity:
            return lua.restock.NotSold(product)
    lane.seq += 1
    lane.moves.add(move)
    for product, quantity in found.lines:
        lane.stock[product].sold -= quantity
        lane.come_back(product, quantity)
    lane.count(found.user, found.lines, -1)
    return lua.restock.Restocked()


def pause(lane: Model, _: int, state: str) -> object:
    if lane.closed:
        return lane.closed
    if lane.leaving or lane.state == state:
        return lua.pause.Unchanged(lane.state)
    lane.seq += 1
    lane.state = state
    return lua.pause.Changed(state)


def close(lane: Model, _: int) -> object:
    if lane.closed:
        return lane.closed
    held = sum(stock.held for stock in lane.stock.values())
    if not lane.leaving:
        lane.seq += 1
        lane.state = "closing"
        for stock in lane.stock.values():
            stock.units, stock.available = stock.units - stock.available, 0
    if held:
        return lua.close.Closing(held)
    if lane.state == "closing":
        lane.seq += 1
        lane.state = "closed"
    return lua.close.Ended()


def trim(lane: Model, _: int, entries: int, ceiling: int) -> object:
    if lane.closed:
        return lane.closed
    lane.ceiling = ceiling
    return lua.trim.Trimmed(entries)


def sweep(lane: Model, now: int) -> int:
    """Gives how many buyers are forgotten."""
    gone = [u for u, b in lane.buyers.items() if not b.counts and b.tat_ms + 120_000 < now]
    for user in gone:
        del lane.buyers[user]
    return len(gone)
