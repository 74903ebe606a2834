"""Opens a payment, in phases that may be cut short anywhere and asked for again:

1. the row, PENDING, committed: nothing is ever captured that we have no row of;
2. the hold becomes PAYING, so that its units wait for the money;
3. the provider is called with the row's key, no transaction open;
4. what it answered is written.
"""

from typing import TypeAlias, assert_never

import structlog
import uuid_utils.compat as uuids
from msgspec import Struct

from lua import begin_payment as opening
from lua.decline import decline
from lua.outcomes import Closed, Unknown
from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Connection, Money
from settlement.money.due import read_due
from settlement.money.end_payment import end_payment
from settlement.money.payment_rows import Payment, PaymentChange
from settlement.money.rules import one_word
from settlement.money.take_reports import Taken
from settlement.providers.protocol import NewPayment, PaymentProvider, Refused

log = structlog.get_logger(__name__)


class Begun(Struct, frozen=True):
    """The payment is open at its provider. ``again``: it was before."""

    payment: Payment
    again: bool = False


class NotPayable(Struct, frozen=True):
    """The order takes no payment now: ``why`` is a sentence."""

    why: str


class Declined(Struct, frozen=True):
    """The provider would not even open it; the buyer may try another way."""

    reason: str


class Recovering(Struct, frozen=True):
    """The store's gate is closed; ask again."""


Outcome: TypeAlias = Begun | NotPayable | Declined | Recovering


async def begin_payment(money: Money, order_id: str, provider: PaymentProvider) -> Outcome:
    """Open a payment of the order, or return the one that is open.

    An open payment at another provider is ended there first. The order must be settled. Raises
    ProviderError (ask again: the same payment goes on), StoreUnreachable, ScriptFailed, and what
    the database raises.
    """
    async with raw_connection(money.engine) as connection:
        fresh = await _intend(connection, order_id, provider.name)
        payment = fresh or await payment_rows.read_open(connection, order_id)
    if payment is None:
        return NotPayable("It is not pending any more.")
    if payment.provider != provider.name:
        return await _change_provider(money, payment, provider)
    if payment.provider_ref is not None:
        return Begun(payment, again=True)
    held = await _hold(money, payment, fresh=fresh is not None)
    if held is not None:
        return held
    return await create(money, payment, provider)


async def create(
    money: Money, payment: Payment, provider: PaymentProvider
) -> Begun | NotPayable | Declined:
    """Open the payment at its provider, or learn what was opened there before. Raises as above."""
    answer = await provider.create(
        NewPayment(
            payment_id=payment.id,
            order_id=payment.order_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            idempotency_key=payment.idempotency_key,
            return_url=money.return_url.replace("{order_id}", payment.order_id) or None,
        )
    )
    if isinstance(answer, Refused):
        await _refused(money, payment, answer)
        return Declined(answer.reason)
    async with raw_connection(money.engine) as connection:
        made = await payment_rows.write_created(
            connection,
            payment.id,
            answer.ref,
            answer.client_secret,
            answer.redirect_url,
            answer.response,
        )
    if made is None:
        log.error("payment_opened_twice", payment=payment.id, ref=answer.ref)
        return NotPayable("The payment was opened twice; ask support.")
    return Begun(made)


async def _intend(connection: Connection, order_id: str, provider: str) -> Payment | None:
    return await payment_rows.insert_intent(connection, str(uuids.uuid7()), order_id, provider)


async def _hold(money: Money, payment: Payment, *, fresh: bool) -> NotPayable | Recovering | None:
    """Make the hold PAYING for this payment; None when it is."""
    async with raw_connection(money.engine) as connection:
        due = await read_due(connection, payment.id)
    if due is None:
        raise LookupError(f"payment {payment.id} has no row")
    outcome: opening.Outcome | None = None
    for _ in range(2):
        outcome = await opening.begin_payment(
            money.store, due.base, payment.order_id, payment.id, money.extension_ms
        )
        match outcome:
            case opening.Paying():
                return None
            case opening.Busy(payment=other):
                if not await _let_go(money, due.base, payment.order_id, other):
                    break
            case Closed():
                await money.store.refresh()
            case opening.Ended() | Unknown():
                break
            case _:
                assert_never(outcome)
    if isinstance(outcome, Closed):
        return Recovering()
    if fresh:
        await _write(money, PaymentChange(payment.id, status="CANCELLED", reason="order_over"))
    return NotPayable("It is over, or being paid otherwise.")


async def _let_go(money: Money, base: str, order_id: str, other: str) -> bool:
    """End a payment that is over in Postgres and not in the store: it was cut short in between."""
    async with raw_connection(money.engine) as connection:
        found = await payment_rows.read_payment(connection, other)
    if found is None or found.status not in {"FAILED", "CANCELLED"}:
        return False
    await decline(money.store, base, order_id, other, one_word(found.failure_reason or ""))
    return True


async def _change_provider(money: Money, old: Payment, provider: PaymentProvider) -> Outcome:
    """End the open payment at its provider, then open one at the other."""
    async with raw_connection(money.engine) as connection:
        due = await read_due(connection, old.id)
    if due is None:
        raise LookupError(f"payment {old.id} has no row")
    ended = await end_payment(money, due)
    if not isinstance(ended, Taken):
        return Recovering()
    if ended.change.status is None:
        return NotPayable(f"It is being paid with {old.provider}.")
    return await begin_payment(money, due.order_id, provider)


async def _refused(money: Money, payment: Payment, answer: Refused) -> None:
    async with raw_connection(money.engine) as connection:
        due = await read_due(connection, payment.id)
    if due is not None:
        reason = one_word(answer.code)
        await decline(money.store, due.base, payment.order_id, payment.id, reason)
    await _write(money, PaymentChange(payment.id, status="FAILED", reason=answer.code))


async def _write(money: Money, change: PaymentChange) -> None:
    async with raw_connection(money.engine) as connection:
        await payment_rows.write_changes(connection, [change])
