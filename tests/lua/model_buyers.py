"""What a buyer's scripts must do to the model: reserve, begin_payment, decline, release."""

import lua.begin_payment
import lua.decline
import lua.outcomes
import lua.release
import lua.reserve
from lua.hold_states import OPEN
from lua.scripts import LAZY_RELEASES
from tests.lua.model import CURRENCY, Buyer, Lines, Model, Order


def reserve(
    lane: Model, now: int, order: str, user: int, key: str, lines: Lines, rate: int, period_ms: int
) -> object:
    if lane.closed:
        return lane.closed
    if (user, key) in lane.keys:
        return _replay(lane, order, lane.keys[user, key], lines)
    if lane.seq >= lane.ceiling:
        return lua.reserve.Overloaded()
    buyer = lane.buyers.get(user, Buyer())
    if rate:
        tat_ms = max(buyer.tat_ms, now) + period_ms // rate
        if tat_ms - now > period_ms:
            return lua.reserve.RateLimited(tat_ms - period_ms - now)
        buyer.tat_ms = tat_ms
        lane.buyers[user] = buyer
    if lane.state != "open":
        return lua.reserve.NotOpen(lane.state, 0, now)
    refusal = _shortage(lane, now, buyer, lines)
    if refusal and not isinstance(refusal, lua.outcomes.NotInSale):
        _release_for(lane, now, buyer, lines)
        refusal = _shortage(lane, now, buyer, lines)
    if refusal:
        return refusal
    lane.seq += 1
    deadline_ms = now + lane.ttl_ms
    lane.orders[order] = Order("HELD", lane.seq, user, lines, now, deadline_ms, deadline_ms)
    lane.keys[user, key] = (order, sorted(lines))
    lane.buyers[user] = buyer
    buyer.orders = [order, *buyer.orders][:10]
    lane.count(user, lines, 1)
    for product, quantity in lines:
        lane.stock[product].available -= quantity
        lane.stock[product].held += quantity
    return lua.reserve.Held(now, deadline_ms, lane.total(lines), CURRENCY, lane.lines_json(lines))


def begin_payment(lane: Model, now: int, order: str, payment: str, extension_ms: int) -> object:
    found = lane.orders.get(order)
    if lane.closed or not found:
        return lane.closed or lua.outcomes.Unknown()
    if found.state == "PAYING":
        if found.payment == payment:
            return lua.begin_payment.Paying(found.deadline_ms)
        return lua.begin_payment.Busy(found.payment)
    if found.state != "HELD":
        return lua.begin_payment.Ended(found.state)
    if found.due_ms <= now:
        lane.end(found, "EXPIRED")
        return lua.begin_payment.Ended("EXPIRED")
    latest_ms = found.created_ms + lane.ttl_ms + extension_ms
    found.deadline_ms = max(found.deadline_ms, min(now + extension_ms, latest_ms))
    lane.write(found, "PAYING", payment)
    found.due_ms = found.deadline_ms
    return lua.begin_payment.Paying(found.deadline_ms)


def decline(lane: Model, now: int, order: str, payment: str) -> object:
    found = lane.orders.get(order)
    if lane.closed or not found:
        return lane.closed or lua.outcomes.Unknown()
    if found.state not in {"PAYING", "EXPIRING"} or found.payment != payment:
        return lua.decline.Unchanged(found.state)
    if found.state == "EXPIRING" or found.deadline_ms <= now:
        lane.end(found, "EXPIRED")
        return lua.decline.Expired()
    lane.write(found, "HELD", "-")
    return lua.decline.StillHeld(found.deadline_ms)


def release(lane: Model, _: int, order: str, user: int, state: str, payment: str) -> object:
    found = lane.orders.get(order)
    if lane.closed or not found or user not in {0, found.user}:
        return lane.closed or lua.outcomes.Unknown()
    if found.state not in OPEN:
        return lua.release.Over(found.state)
    if found.state != "HELD" and found.payment != payment:
        return lua.release.StillPaying(found.payment)
    lane.end(found, state)
    return lua.release.Released()


def _replay(lane: Model, order: str, known: tuple[str, Lines], lines: Lines) -> object:
    first, first_lines = known
    if first_lines != sorted(lines):
        return lua.reserve.KeyReused()
    found = lane.orders[first]
    body = (
        found.created_ms,
        found.created_ms + lane.ttl_ms,
        lane.total(found.lines),
        CURRENCY,
        lane.lines_json(found.lines),
    )
    return lua.reserve.Held(*body) if first == order else lua.reserve.Replayed(first, *body)


def _shortage(lane: Model, now: int, buyer: Buyer, lines: Lines) -> object:
    for product, quantity in lines:
        if product not in lane.items:
            return lua.outcomes.NotInSale(product)
        limit = lane.items[product].limit
        if limit and buyer.counts.get(product, 0) + quantity > limit:
            return lua.reserve.LimitReached(product, limit)
        stock = lane.stock[product]
        if stock.available < quantity:
            due = [o.due_ms for o in lane.held(product).values()]
            return lua.reserve.SoldOut(
                product, stock.available, stock.back, min(due, default=0), now
            )
    return None


def _release_for(lane: Model, now: int, buyer: Buyer, lines: Lines) -> None:
    for product, _ in lines:
        lane.release_overdue(now, product, LAZY_RELEASES)
    for order in buyer.orders:
        found = lane.orders[order]
        if found.state == "HELD" and found.due_ms <= now:
            lane.end(found, "EXPIRED")
