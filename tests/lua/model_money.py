"""What captured payments must do to the model: confirm, retake, refuse."""

import lua.confirm
import lua.outcomes
import lua.retake
from lua.hold_states import OPEN
from lua.scripts import LAZY_RELEASES
from tests.lua.model import Model, Order


def confirm(lane: Model, _: int, order: str, payment: str) -> object:
    found = lane.orders.get(order)
    if lane.closed or payment in lane.verdicts:
        return lane.closed or lane.verdicts[payment]
    if not found:
        return lua.outcomes.Unknown()
    if found.state in {"EXPIRED", "FAILED"}:
        return lua.confirm.Gone(found.state)
    if found.state == "CANCELLED":
        return lane.refund(payment, "cancelled")
    if found.state in {"PAID", "REFUNDED"}:
        return lane.refund(payment, "duplicate")
    for product, quantity in found.lines:
        lane.stock[product].held -= quantity
        lane.stock[product].sold += quantity
    lane.write(found, "PAID", payment)
    lane.verdicts[payment] = lua.outcomes.Confirmed()
    return lua.outcomes.Confirmed()


def retake(lane: Model, now: int, order: str, payment: str) -> object:
    found = lane.orders[order]
    if lane.closed or payment in lane.verdicts:
        return lane.closed or lane.verdicts[payment]
    if found.state in OPEN:
        return lua.retake.Live(found.state)
    if found.state == "CANCELLED":
        return lane.refund(payment, "cancelled")
    if found.state in {"PAID", "REFUNDED"}:
        return lane.refund(payment, "duplicate")
    if not _can_retake(lane, now, found):
        answer = lane.refund(payment, "late")
        found.state, found.seq = "REFUNDED", lane.seq
        return answer
    for product, quantity in found.lines:
        lane.stock[product].available -= quantity
        lane.stock[product].sold += quantity
    lane.count(found.user, found.lines, 1)
    lane.write(found, "PAID", payment)
    lane.verdicts[payment] = lua.outcomes.Retaken()
    return lua.outcomes.Retaken()


def refuse(lane: Model, _: int, payment: str, reason: str) -> object:
    if lane.closed or payment in lane.verdicts:
        return lane.closed or lane.verdicts[payment]
    return lane.refund(payment, reason)


def _can_retake(lane: Model, now: int, found: Order) -> bool:
    if lane.leaving:
        return False
    for product, quantity in found.lines:
        if lane.stock[product].available < quantity:
            lane.release_overdue(now, product, LAZY_RELEASES)
    counts = lane.buyers[found.user].counts if found.user in lane.buyers else {}
    for product, quantity in found.lines:
        limit = lane.items[product].limit
        if limit and counts.get(product, 0) + quantity > limit:
            return False
        if lane.stock[product].available < quantity:
            return False
    return True
