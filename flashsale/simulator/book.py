"""What may happen to a payment: every rule of the simulated provider, no I/O.

::

    open --complete--> succeeded        open, failed --cancel--> cancelled
      |--complete----> failed --complete--> succeeded
      '--complete----> processing --in time--> succeeded

A step returns the news it makes: (type of event, the record it tells of).
"""

import bisect
import secrets
from typing import Final, Literal, TypeAlias

from flashsale.simulator.faults import NONE, Faults, chosen
from flashsale.simulator.records import Dispute, KnownKey, Payment, Refund

Outcome = Literal["succeeded", "failed"]
News: TypeAlias = list[tuple[str, Payment | Refund | Dispute]]
PAGE: Final = 500


class No(Exception):
    """The provider says no: the HTTP status, a code of one word, and why."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


class Book:
    """Every record, in memory."""

    def __init__(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.keys: dict[str, KnownKey] = {}
        self.faults: Faults = NONE
        self._refunds_of: dict[str, list[Refund]] = {}
        self._captured: list[tuple[int, str]] = []

    def keep(self, record: Payment | Refund | Dispute) -> None:
        """Take in a record, new or read from the ledger."""
        match record:
            case Payment():
                self.payments[record.id] = record
                if record.captured_ms:
                    bisect.insort(self._captured, (record.captured_ms, record.id))
            case Refund():
                self.refunds[record.id] = record
                self._refunds_of.setdefault(record.payment, []).append(record)
            case Dispute():
                self.disputes[record.id] = record

    def payment(self, name: str) -> Payment:
        """Return a payment. Raises No."""
        found = self.payments.get(name)
        if found is None:
            raise No(404, "no_such_payment")
        return found

    def refunds_of(self, payment: Payment) -> list[Refund]:
        """Return the refunds of a payment, oldest first."""
        return self._refunds_of.get(payment.id, [])

    def known(self, key: str, fingerprint: str) -> str | None:
        """Return the record that came of this idempotency key. Raises No for other parameters."""
        found = self.keys.get(key)
        if found is None:
            return None
        if found.fingerprint != fingerprint:
            raise No(422, "idempotency_key_reused", "the key came with other parameters")
        return found.record

    def faults_of(self, payment: Payment) -> Faults:
        """Return the payment's own faults, or those of all if it is one of their share."""
        if payment.faults is not None:
            return payment.faults
        return self.faults if chosen(self.faults, payment.metadata.get("order_id", "")) else NONE

    def captured_after(self, after: str) -> tuple[list[Payment], str | None]:
        """Return a page of captured payments behind ``<ms>`` or ``<ms>:<id>``, and how to go on."""
        at_ms, _, name = after.partition(":")
        start = bisect.bisect_right(self._captured, (int(at_ms), name))
        page = self._captured[start : start + PAGE]
        more = len(self._captured) > start + PAGE
        following = f"{page[-1][0]}:{page[-1][1]}" if page and more else None
        return [self.payments[one] for _, one in page], following

    def create(
        self,
        amount_minor: int,
        currency: str,
        metadata: dict[str, str],
        pay_url: str,
        return_url: str | None,
        now_ms: int,
    ) -> Payment:
        """Open a payment."""
        name = f"pay_{secrets.token_hex(12)}"
        made = Payment(
            id=name,
            state="open",
            amount_minor=amount_minor,
            currency=currency,
            metadata=metadata,
            redirect_url=f"{pay_url}/{name}",
            return_url=return_url,
            created_ms=now_ms,
        )
        self.keep(made)
        return made

    def complete(self, payment: Payment, outcome: Outcome, now_ms: int) -> News:
        """The buyer pays, or the card is declined. The same outcome again makes no news."""
        if payment.state == "cancelled":
            raise No(409, "cancelled", "the payment was cancelled")
        if payment.state in {"succeeded", "processing"}:
            if outcome == "succeeded":
                return []
            raise No(409, "already_paid", "the payment has succeeded")
        faults = self.faults_of(payment)
        if outcome == "failed" or faults.decline:
            payment.state, payment.failure = "failed", "card_declined"
            return [("payment.failed", payment)]
        payment.failure = None
        if faults.processing_ms:
            payment.state, payment.due_ms = "processing", now_ms + faults.processing_ms
            return [("payment.processing", payment)]
        return self.capture(payment, now_ms)

    def capture(self, payment: Payment, now_ms: int) -> News:
        """The money is taken."""
        faults = self.faults_of(payment)
        payment.captured_minor = faults.captured_minor or payment.amount_minor
        payment.currency = faults.captured_currency or payment.currency
        payment.state, payment.due_ms = "succeeded", 0
        payment.captured_ms = max(now_ms, self._captured[-1][0] if self._captured else 0)
        bisect.insort(self._captured, (payment.captured_ms, payment.id))
        return [("payment.succeeded", payment)]

    def cancel(self, payment: Payment) -> News:
        """Nothing can be captured any more."""
        if payment.state in {"succeeded", "processing"}:
            raise No(409, "already_paid", f"the payment is {payment.state}")
        if payment.state == "cancelled":
            return []
        payment.state = "cancelled"
        return [("payment.cancelled", payment)]

    def refund(
        self, payment: Payment, amount_minor: int, metadata: dict[str, str], now_ms: int
    ) -> tuple[Refund, News]:
        """Give money back, never more than was captured."""
        if payment.state != "succeeded":
            raise No(409, "not_captured", f"the payment is {payment.state}")
        if payment.refunded_minor + amount_minor > payment.captured_minor:
            left = payment.captured_minor - payment.refunded_minor
            raise No(409, "above_captured", f"{left} is left to refund")
        faults = self.faults_of(payment)
        made = Refund(
            id=f"ref_{secrets.token_hex(12)}",
            payment=payment.id,
            state="pending",
            amount_minor=amount_minor,
            currency=payment.currency,
            metadata=metadata,
            created_ms=now_ms,
            due_ms=now_ms + faults.refund_pending_ms,
        )
        self.keep(made)
        payment.refunded_minor += amount_minor
        return made, [] if faults.refund_pending_ms else self.end_refund(made)

    def end_refund(self, refund: Refund) -> News:
        """A pending refund arrives, or fails and its money is back with us."""
        payment = self.payments[refund.payment]
        refund.due_ms = 0
        if self.faults_of(payment).refund_fails:
            refund.state, refund.failure = "failed", "account_closed"
            payment.refunded_minor -= refund.amount_minor
            return [("refund.failed", refund)]
        refund.state = "succeeded"
        return [("refund.succeeded", refund)]

    def dispute(self, payment: Payment, status: Literal["open", "won", "lost"]) -> News:
        """The buyer's bank contests the payment, or has decided."""
        if payment.state != "succeeded":
            raise No(409, "not_captured")
        name = f"dis_{payment.id}"
        found = self.disputes.get(name) or Dispute(
            id=name, payment=payment.id, status=status, amount_minor=payment.captured_minor
        )
        found.status = status
        self.keep(found)
        return [(f"dispute.{status}", found)]
