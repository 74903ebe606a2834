"""What the engine asks of a payment provider, and what it may be told.

Amounts are integer minor units. ``ref`` is the provider's name for a payment; ``payment_id``,
``order_id`` and ``refund_id`` are ours, carried in the provider's metadata, None where they were
lost. Every call that changes something carries an idempotency key of ours, so it may be repeated.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from msgspec import Struct


class NewPayment(Struct, frozen=True):
    """A payment to open. ``return_url``: where the buyer goes after a hosted page, if anywhere."""

    payment_id: str
    order_id: str
    amount_minor: int
    currency: str
    idempotency_key: str
    return_url: str | None = None


class NewRefund(Struct, frozen=True):
    """Money to give back of the captured payment ``ref``."""

    refund_id: str
    ref: str
    amount_minor: int
    currency: str
    idempotency_key: str


class Created(Struct, frozen=True):
    """The payment is open. The buyer goes on with ``redirect_url`` or ``client_secret``.

    ``response``: what the provider said, scrubbed, kept for debugging.
    """

    ref: str
    client_secret: str | None
    redirect_url: str | None
    response: dict[str, Any]


class Refused(Struct, frozen=True):
    """The provider understood and says no. ``code`` is one word of its own."""

    code: str
    reason: str


class Open(Struct, frozen=True):
    """Nothing is captured; the buyer may still pay."""


class Processing(Struct, frozen=True):
    """The buyer has paid, the money is on its way: it can no longer be cancelled."""


class Captured(Struct, frozen=True):
    """The money is taken: so much, in this currency."""

    amount_minor: int
    currency: str


class Failed(Struct, frozen=True):
    """This attempt failed. A late success may still follow with some providers."""

    reason: str


class Cancelled(Struct, frozen=True):
    """Nothing was captured, and nothing can be any more."""


PaymentState: TypeAlias = Open | Processing | Captured | Failed | Cancelled


class PaymentReport(Struct, frozen=True):
    """How a payment stands at the provider, asked for or told by a webhook."""

    ref: str
    payment_id: str | None
    order_id: str | None
    state: PaymentState


class Missing(Struct, frozen=True):
    """The provider knows no such payment."""


class RefundPending(Struct, frozen=True):
    """Accepted; the provider will tell how it ends."""


class RefundSucceeded(Struct, frozen=True):
    """The money is on its way back, for good."""


class RefundFailed(Struct, frozen=True):
    """The money could not be given back."""

    reason: str


RefundState: TypeAlias = RefundPending | RefundSucceeded | RefundFailed


class RefundReport(Struct, frozen=True):
    """How a refund stands. ``ref`` is the provider's name for the refund."""

    ref: str
    refund_id: str | None
    state: RefundState


class DisputeReport(Struct, frozen=True):
    """A buyer's bank contests a captured payment. ``status``: the provider's own word.

    ``closed``: it is decided; ``won``: for us, so the money stays.
    """

    ref: str
    payment_ref: str
    status: str
    reason: str | None
    amount_minor: int
    closed: bool
    won: bool


Report: TypeAlias = PaymentReport | RefundReport | DisputeReport


class Event(Struct, frozen=True):
    """A webhook, its signature checked. ``report`` None: nothing that concerns us.

    ``payload`` is scrubbed and still good for `PaymentProvider.read_report`. ``unreadable``: why
    its report could not be read; then it is kept for somebody to look at.
    """

    id: str
    type: str
    payload: dict[str, Any]
    report: Report | None
    unreadable: str | None = None


class PaymentProvider(Protocol):
    """One provider. Calls take seconds at most; never call one inside a database transaction.

    Every call raises ProviderUnreachable and ProviderMisused.
    """

    name: str

    @property
    def takes_webhooks(self) -> bool:
        """Whether the secret that signs webhooks is set."""

    async def create(self, payment: NewPayment) -> Created | Refused:
        """Open a payment; the same key again answers the same payment."""

    async def cancel(self, ref: str) -> PaymentReport | Missing:
        """Make sure that the payment cannot succeed any more, if that can still be done.

        Reports how it stands afterwards: `Cancelled`, or what was in the way. `Open`: this
        provider cannot cancel, and nothing is captured yet.
        """

    async def probe(self, ref: str) -> PaymentReport | Missing:
        """Ask how the payment stands now."""

    async def refund(self, refund: NewRefund) -> RefundReport | Refused:
        """Give money back; the same key again answers the same refund."""

    async def find_refund(self, refund: NewRefund) -> RefundReport | None:
        """Look for this refund at the provider, by our id: it may be there although we were never
        told. Keys are forgotten after a day, this is not."""

    async def captured_since(self, since: datetime) -> Sequence[PaymentReport]:
        """Return the payments captured since then, for the reconciliation; at most some thousands,
        oldest first."""

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Check the signature over the raw body and read the event. Names of headers are in lower
        case. Raises InvalidSignature, and UnreadableEvent for what is not even an event."""

    def read_report(self, payload: Mapping[str, Any]) -> Report | None:
        """Read a kept payload again. Raises UnreadableEvent."""

    async def close(self) -> None:
        """Give back connections."""
