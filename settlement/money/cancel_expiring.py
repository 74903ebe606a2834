"""The deadline passed while the buyer was paying: the payment is ended before the units go back."""

from migrations.engine import raw_connection
from settlement.money.context import Money
from settlement.money.due import read_due
from settlement.money.end_payment import end_payment
from settlement.money.take_reports import Taken


async def cancel_expiring(money: Money, order_id: str, payment_id: str) -> str:
    """End the open payment of an order whose deadline has passed; returns what came of it.

    Cancelled: its units go back. Succeeded already: it is paid. Otherwise the hold waits for the
    end of its grace. Raises ProviderError (try again), StoreUnreachable, and what the database
    raises.
    """
    async with raw_connection(money.engine) as connection:
        due = await read_due(connection, payment_id)
    if due is None or due.order_id != order_id:
        return "no such payment"
    if due.verdict is not None:
        return "ruled"
    ended = await end_payment(money, due)
    return ended.outcome if isinstance(ended, Taken) else ended.reason
