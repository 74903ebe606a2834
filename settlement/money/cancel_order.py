"""A buyer changes her mind while paying: the payment is ended at its provider first."""

from typing import Final, TypeAlias, assert_never

from msgspec import Struct

from lua import release
from lua.outcomes import Closed, Unknown
from migrations.engine import raw_connection
from settlement.money import payment_rows
from settlement.money.context import Money
from settlement.money.due import Due, read_due
from settlement.money.end_payment import cancel_at_provider, take_and_write
from settlement.money.payment_rows import PaymentChange
from settlement.money.take_reports import Taken
from settlement.providers.protocol import Captured, Processing

TURNS_MAX: Final = 3
"""A buyer can open another payment meanwhile; hardly more often than this."""


class Cancelled(Struct, frozen=True):
    """The order is cancelled, its units went back, and no money can come any more."""


class NotCancellable(Struct, frozen=True):
    """The order is, or is just being, paid, or ended otherwise: ``why`` is a sentence."""

    why: str


class Recovering(Struct, frozen=True):
    """The store's gate is closed; ask again."""


Outcome: TypeAlias = Cancelled | NotCancellable | Recovering


async def cancel_order(money: Money, order_id: str, payment_id: str) -> Outcome:
    """Cancel an order whose payment ``payment_id`` is open in the store.

    Raises ProviderError (nothing was changed, or the payment is ended and the order still held:
    ask again), StoreUnreachable, ScriptFailed, UnknownAnswer, and what the database raises.
    """
    for _ in range(TURNS_MAX):
        async with raw_connection(money.engine) as connection:
            due = await read_due(connection, payment_id)
        if due is None or due.order_id != order_id:
            return NotCancellable("Its payment is not known.")
        paying = await _end(money, due)
        if paying is not None:
            return paying
        outcome = await release.release(
            money.store, due.base, order_id, "CANCELLED", "buyer", payment=payment_id
        )
        match outcome:
            case release.Released():
                return Cancelled()
            case release.Over(state=state):
                over = NotCancellable(f"The order is {state}.")
                return Cancelled() if state == "CANCELLED" else over
            case release.StillPaying(payment=other):
                payment_id = other
            case Unknown():
                return NotCancellable("The order is over.")
            case Closed():
                await money.store.refresh()
                return Recovering()
            case _:
                assert_never(outcome)
    return NotCancellable("It is being paid.")


async def _end(money: Money, due: Due) -> NotCancellable | Recovering | None:
    """End the payment; None when no money came of it and the order may be cancelled."""
    report = await cancel_at_provider(money, due)
    match report.state:
        case Captured():
            taken = await take_and_write(money, due, report)
            return NotCancellable("It is paid.") if isinstance(taken, Taken) else Recovering()
        case Processing():
            await take_and_write(money, due, report)
            return NotCancellable("Its payment is being processed.")
        case _:
            change = PaymentChange(due.payment_id, report.ref, "CANCELLED", "buyer")
            async with raw_connection(money.engine) as connection:
                await payment_rows.write_changes(connection, [change])
            return None
