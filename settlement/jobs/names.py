"""The jobs, and the id under which each is queued: the same job waits in the queue once."""

from typing import Final

from msgspec import Struct

CANCEL_EXPIRING: Final = "cancel_expiring"
SEND_REFUND: Final = "send_refund"
PROBE_PAYMENT: Final = "probe_payment"


class Job(Struct, frozen=True):
    """A job to queue: its name and the UUIDs it is about."""

    name: str
    arguments: tuple[str, ...]

    @property
    def id(self) -> str:
        """While a job of this id waits or runs, another one is not queued."""
        return ":".join((self.name, *self.arguments))


def cancel_expiring(order_id: str, payment_id: str) -> Job:
    """The deadline passed while paying: end the payment at its provider."""
    return Job(CANCEL_EXPIRING, (order_id, payment_id))


def send_refund(refund_id: str) -> Job:
    """Give money back."""
    return Job(SEND_REFUND, (refund_id,))


def probe_payment(payment_id: str) -> Job:
    """Ask the provider how a payment stands."""
    return Job(PROBE_PAYMENT, (payment_id,))
