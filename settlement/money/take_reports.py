"""Reports of providers in, scripts run, changes of payment rows out.

Safe to repeat with the same report at any time: the first verdict on a payment is final, a decline
ends a payment once. The caller writes the changes; until then the report counts as not taken.
"""

from collections.abc import Sequence
from typing import TypeAlias, assert_never

import structlog
from msgspec import Struct

from lua import confirm, decline, outcomes, refuse, release
from lua.store import ScriptFailed, UnknownAnswer, read_answer
from settlement.money.context import Money
from settlement.money.due import Due
from settlement.money.payment_rows import PaymentChange
from settlement.money.rule_late import rule_forgotten, rule_late
from settlement.money.rules import (
    Confirm,
    Decline,
    Nothing,
    Progress,
    Refuse,
    Step,
    first_step,
    one_word,
)
from settlement.money.scripts import Call, Reply, run_all
from settlement.providers.protocol import PaymentReport

log = structlog.get_logger(__name__)

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
_Answer: TypeAlias = confirm.Outcome | refuse.Outcome | decline.Outcome | release.Outcome


async def take_reports(money: Money, items: Sequence[Item]) -> list[Result]:
    """Take reports, each with the payment it is about; results in the same order.

    One pipeline for all; late money takes one or two calls more. Raises StoreUnreachable, and what
    the database raises.
    """
    steps = [first_step(due, said, money.settings.payment_attempts_max) for due, said in items]
    calls = [_call(due, step) for (due, _), step in zip(items, steps, strict=True)]
    replies = iter(await _run(money, [call for call in calls if call is not None]))
    return [
        _without_script(due, said, step)
        if call is None
        else await _with_script(money, due, said, step, next(replies))
        for (due, said), step, call in zip(items, steps, calls, strict=True)
    ]


async def take_report(money: Money, due: Due, report: PaymentReport) -> Result:
    """Take one report. Raises as `take_reports`."""
    return (await take_reports(money, [(due, report)]))[0]


async def _run(money: Money, calls: Sequence[Call]) -> list[Reply]:
    """Run the calls; those that found the gate closed once more, at the store's generation."""
    replies = await run_all(money.store, calls)
    again = [
        at
        for at, reply in enumerate(replies)
        if not isinstance(reply, ScriptFailed) and reply[0] == b"closed"
    ]
    if again:
        await money.store.refresh()
        second = await run_all(money.store, [calls[at] for at in again])
        for at, reply in zip(again, second, strict=True):
            replies[at] = reply
    return replies


def _call(due: Due, step: Step) -> Call | None:
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
        case _:
            assert_never(step)


def _without_script(due: Due, report: PaymentReport, step: Step) -> Taken:
    status = "PROCESSING" if isinstance(step, Progress) else None
    outcome = "processing" if status else "nothing"
    return Taken(outcome, _change(due, report, status))


async def _with_script(
    money: Money, due: Due, report: PaymentReport, step: Step, reply: Reply
) -> Result:
    try:
        answer = _read(step, reply)
        if isinstance(step, Confirm) and isinstance(answer, confirm.Gone | outcomes.Unknown):
            forgotten = isinstance(answer, outcomes.Unknown)
            answer = await rule_late(money, due, forgotten=forgotten)
    except (ScriptFailed, UnknownAnswer) as bug:
        log.exception("payment_not_ruled", payment=due.payment_id)
        return Broken(str(bug))
    lane_is_dropped = isinstance(answer, outcomes.Closed) and _is_dropped(due, answer)
    if isinstance(answer, outcomes.Closed) and not lane_is_dropped:
        return Waits(f"the gate of {due.base} is {answer.gate or 'missing'}")
    if isinstance(step, Decline):
        change = _change(due, report, step.status, step.reason)
        return Taken(_declined(answer), change)
    if lane_is_dropped:
        answer = await rule_forgotten(money, due, mismatch=isinstance(step, Refuse))
    elif isinstance(step, Refuse):
        # The buyer may try again: wrong money keeps no hold from being paid with right money.
        await decline.decline(money.store, due.base, due.order_id, due.payment_id, "mismatch")
    return Taken(_ruled(answer), _change(due, report))


def _change(
    due: Due, report: PaymentReport, status: str | None = None, reason: str | None = None
) -> PaymentChange:
    """What the row must learn; most reports tell nothing new, and cost no write."""
    ref = report.ref if due.provider_ref is None else None
    return PaymentChange(due.payment_id, ref or None, status, reason)


def _read(step: Step, reply: Reply) -> _Answer:
    """Read the reply of a step's script. Raises ScriptFailed, UnknownAnswer."""
    if isinstance(reply, ScriptFailed):
        raise reply
    match step:
        case Refuse():
            return read_answer("refuse", reply, refuse.ANSWERS)
        case Decline(fails_order=True):
            return read_answer("release", reply, release.ANSWERS)
        case Decline():
            return read_answer("decline", reply, decline.ANSWERS)
        case _:
            return read_answer("confirm", reply, confirm.ANSWERS)


def _is_dropped(due: Due, closed: outcomes.Closed) -> bool:
    """Whether the store has dropped the lane for good: its sale is closed, its gate is gone."""
    return closed.gate == "" and due.sale_state == "closed"


def _declined(answer: _Answer) -> str:
    match answer:
        case decline.StillHeld():
            return "declined"
        case decline.Expired():
            return "expired"
        case release.Released():
            return "order failed"
        case _:
            return "unchanged"


def _ruled(answer: _Answer) -> str:
    match answer:
        case outcomes.Confirmed():
            return "confirmed"
        case outcomes.Retaken():
            return "retaken"
        case outcomes.Refund(reason=reason):
            return f"refund {reason}"
        case _:
            raise UnknownAnswer(f"no verdict: {answer!r}")
