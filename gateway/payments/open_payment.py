"""A buyer starts to pay."""

from typing import assert_never
from uuid import UUID

from gateway.exceptions import invalid
from gateway.payments.paying import PROVIDER_AWAY
from gateway.payments.read_payment import seen
from gateway.payments.settled_order import wait_settled
from gateway.payments.shapes import PaymentSeen
from gateway.problems import FieldError, Refused
from gateway.process import Process
from settlement.money import begin_payment as money
from settlement.providers.errors import ProviderError


async def open_payment(
    process: Process, user_id: int, order_id: UUID, provider_name: str
) -> PaymentSeen:
    """Open a payment of the buyer's own order, or return the one that is open.

    Raises Refused: not_found, order_not_payable, overloaded (not settled yet), recovering,
    unavailable (the provider does not answer: ask again, the same payment goes on), invalid_request
    (the provider is not configured).
    """
    provider = process.payments.providers.get(provider_name)
    if provider is None:
        raise invalid(FieldError("provider", f"{provider_name} is not offered here"))
    await wait_settled(process, user_id, order_id)
    try:
        outcome = await money.begin_payment(process.payments.money, str(order_id), provider)
    except ProviderError as failed:
        raise Refused("unavailable", PROVIDER_AWAY) from failed
    match outcome:
        case money.Begun(payment=payment):
            return seen(payment)
        case money.NotPayable(why=why):
            raise Refused("order_not_payable", why)
        case money.Declined(reason=reason):
            raise Refused("order_not_payable", f"The provider refused the payment: {reason}")
        case money.Recovering():
            raise Refused("recovering")
        case _:
            assert_never(outcome)
