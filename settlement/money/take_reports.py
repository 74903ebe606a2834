"""Reports of providers in, scripts run, changes of payment rows out.

Safe to repeat with the same report at any time: the first verdict on a payment is final, a decline
ends a payment once. The caller writes the changes; until then the report counts as not taken.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import structlog
from msgspec import Struct

from lua import confirm, decline, outcomes, refuse, release
from lua.store import ScriptFailed, StoreUnreachable, UnknownAnswer, read_answer
from settlement.money.context import Money
from settlement.money.due import Due
from settlement.money.payment_rows import PaymentChange
from settlement.money.rule_late import Ruled, rule_forgotten, rule_late
from settlement.money.rules import Confirm, Decline, Nothing, Progress, Refuse, first_step, one_word
from settlement.money.scripts import Call, Reply, run_all
from settlement.providers.protocol import PaymentReport

log = structlog.get_logger(__name__)

NO_LANE: Final = ""
"""What the scripts answer as the gate of a lane that the store does not have."""

Item: TypeAlias = tuple[Due, PaymentReport]


class Taken(Struct, frozen=True):
    """What came of a report: ``outcome`` in a word or two, and what it makes of the row."""

    outcome: str
    change: PaymentChange


class Waits(Struct, frozen=True):
    """The store could not rule now: keep the report and take it again."""

    reason: str


class Broken(Struct, frozen=True):
    """A bug, or memory is full: keep the report, raise the alarm."""

    reason: str


Result: TypeAlias = Taken | Waits | Broken


async def take_reports(money: Money, items: Sequence[Item]) -> list[Result]:
    """Take reports, each with the payment it is about; results in the same order.

    One pipeline for all; late money takes one or two calls more. Raises StoreUnreachable, and what
    the database raises.
    """
    steps = [first_step(due, said, money.settings.payment_attempts_max) for due, said in items]
    calls = [_call(due, step) for (due, _), step in zip(items, steps, strict=True)]
    replies = iter(await _run(money, [call for call in calls if call is not None]))
    results: list[Result] = []
    for (due, report), step, call in zip(items, steps, calls, strict=True):
        if call is None:
            results.append(_without_script(due, report, step))
            continue
        try:
            results.append(await _rule(money, due, report, step, next(replies)))
        except (ScriptFailed, UnknownAnswer) as bug:
            log.error("payment_not_ruled", payment=due.payment_id, reason=str(bug))
            results.append(Broken(str(bug)))
    return results


async def take_report(money: Money, due: Due, report: PaymentReport) -> Result:
    """Take one report. Raises as `take_reports`."""
    return (await take_reports(money, [(due, report)]))[0]


async def _run(money: Money, calls: Sequence[Call]) -> list[Reply]:
    """Run the calls; those that found the gate closed once more, at the store's generation."""
    replies = await run_all(money.store, calls)
    again = [at for at, reply in enumerate(replies) if _is_closed(reply)]
    if again:
        await money.store.refresh()
        second = await run_all(money.store, [calls[at] for at in again])
        for at, reply in zip(again, second, strict=True):
            replies[at] = reply
    return replies


def _is_closed(reply: Reply) -> bool:
    return not isinstance(reply, ScriptFailed) and reply[0] == b"closed"


def _call(due: Due, step: Confirm | Refuse | Decline | Progress | Nothing) -> Call | None:
    order, payment = due.order_id, due.payment_id
    match step:
        case Confirm():
            return Call("confirm", due.base, (order, payment))
        case Refuse(why=why):
            log.error("payment_mismatch", payment=payment, order=order, reason=why)
            return Call("refuse", due.base, (order, payment, "mismatch"))
        case Decline(fails_order=True):
            arguments = (order, release.ANYBODY, "FAILED", "payments_failed", payment)
            return Call("release", due.base, arguments)
        case Decline(reason=reason):
            return Call("decline", due.base, (order, payment, one_word(reason)))
        case Progress() | Nothing():
            return None


def _without_script(due: Due, report: PaymentReport, step: object) -> Taken:
    status = "PROCESSING" if isinstance(step, Progress) else None
    outcome = "processing" if status else "nothing"
    return Taken(outcome, PaymentChange(due.payment_id, report.ref, status))


async def _rule(
    money: Money, due: Due, report: PaymentReport, step: object, reply: Reply
) -> Result:
    if isinstance(reply, ScriptFailed):
        raise reply
    if isinstance(step, Decline):
        return _declined(due, report, step, reply)
    ruled: Ruled
    if isinstance(step, Refuse):
        ruled = read_answer("refuse", reply, refuse.ANSWERS)
    else:
        answer = read_answer("confirm", reply, confirm.ANSWERS)
        if isinstance(answer, confirm.Gone | outcomes.Unknown):
            ruled = await rule_late(money, due, forgotten=isinstance(answer, outcomes.Unknown))
        else:
            ruled = answer
    if isinstance(ruled, outcomes.Closed):
        if ruled.gate != NO_LANE or due.sale_state != "closed":
            return Waits(f"the gate of {due.base} is {ruled.gate or 'missing'}")
        ruled = await rule_forgotten(money, due, mismatch=isinstance(step, Refuse))
    return Taken(_word(ruled), PaymentChange(due.payment_id, report.ref))


def _declined(due: Due, report: PaymentReport, step: Decline, reply: Reply) -> Result:
    change = PaymentChange(due.payment_id, report.ref, step.status, step.reason)
    if step.fails_order:
        released = read_answer("release", reply, release.ANSWERS)
        match released:
            case outcomes.Closed(gate=gate) if gate != NO_LANE or due.sale_state != "closed":
                return Waits(f"the gate of {due.base} is {gate or 'missing'}")
            case release.Released():
                return Taken("order failed", change)
            case _:
                return Taken("declined", change)
    answer = read_answer("decline", reply, decline.ANSWERS)
    match answer:
        case outcomes.Closed(gate=gate) if gate != NO_LANE or due.sale_state != "closed":
            return Waits(f"the gate of {due.base} is {gate or 'missing'}")
        case decline.StillHeld():
            return Taken("declined", change)
        case decline.Expired():
            return Taken("expired", change)
        case _:
            return Taken("unchanged", change)


def _word(ruled: outcomes.Confirmed | outcomes.Retaken | outcomes.Refund) -> str:
    match ruled:
        case outcomes.Confirmed():
            return "confirmed"
        case outcomes.Retaken():
            return "retaken"
        case outcomes.Refund(reason=reason):
            return f"refund {reason}"


__all__ = [
    "Broken",
    "Item",
    "Result",
    "StoreUnreachable",
    "Taken",
    "Waits",
    "take_report",
    "take_reports",
]
