"""Where the rules meet the ledger and the outbox: changes are kept, news sent, faults strike."""

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any, Final

import msgspec

from flashsale.simulator.book import Book, News, No
from flashsale.simulator.faults import Call, Faults
from flashsale.simulator.ledger import Ledger
from flashsale.simulator.outbox import Outbox
from flashsale.simulator.records import Dispute, Event, KnownKey, Payment, Refund, shown

REORDER_MS: Final = 300
"""How long reordered news are held back: longer than any delivery that goes well."""


class Desk:
    """One simulated provider. Belongs to one event loop; `open` it first, `close` it at the end."""

    def __init__(self, folder: Path, webhook_url: str, secret: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.book = Book()
        self.ledger = Ledger(folder / "simulator.sqlite")
        self.outbox = Outbox(self.ledger, webhook_url, secret) if webhook_url else None
        self._timers: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Read the ledger, and go on with what was on its way."""
        for body in self.ledger.read("payment"):
            self.book.keep(msgspec.json.decode(body, type=Payment))
        for body in self.ledger.read("refund"):
            self.book.keep(msgspec.json.decode(body, type=Refund))
        for body in self.ledger.read("dispute"):
            self.book.keep(msgspec.json.decode(body, type=Dispute))
        for body in self.ledger.read("key"):
            name, known = msgspec.json.decode(body, type=tuple[str, KnownKey])
            self.book.keys[name] = known
        for body in self.ledger.read("faults"):
            self.book.faults = msgspec.json.decode(body, type=Faults)
        if self.outbox is not None:
            for body in self.ledger.read("event"):
                self.outbox.add(msgspec.json.decode(body, type=Event))
            self.outbox.start()
        pending: list[Payment | Refund] = [
            *self.book.payments.values(),
            *self.book.refunds.values(),
        ]
        for record in pending:
            if record.due_ms:
                self._later(record)

    async def close(self) -> None:
        """Stop sending, and close the ledger."""
        for timer in self._timers:
            timer.cancel()
        if self.outbox is not None:
            await self.outbox.close()
        await self.ledger.close()

    def keep_payment(self, payment: Payment) -> None:
        """Stage a payment."""
        self.ledger.put("payment", payment.id, payment)

    def keep_refund(self, refund: Refund) -> None:
        """Stage a refund and its payment; a pending one ends in its time."""
        self.ledger.put("refund", refund.id, refund)
        self.keep_payment(self.book.payments[refund.payment])
        if refund.due_ms and refund.state == "pending":
            self._later(refund)

    def keep_key(self, key: str, fingerprint: str, record: str) -> None:
        """Stage an idempotency key; "" is none."""
        if key:
            known = self.book.keys[key] = KnownKey(fingerprint, record)
            self.ledger.put("key", key, (key, known))

    def set_faults(self, faults: Faults) -> None:
        """Change the faults of all payments that have none of their own."""
        self.book.faults = faults
        self.ledger.put("faults", "all", faults)

    def tell(self, payment: Payment, news: News) -> None:
        """Stage what changed, and put the news on their way."""
        faults = self.book.faults_of(payment)
        for kind, record in news:
            if isinstance(record, Payment):
                self.keep_payment(record)
                if record.due_ms:
                    self._later(record)
            elif isinstance(record, Refund):
                self.keep_refund(record)
            else:
                self.ledger.put("dispute", record.id, record)
            self._send(kind, shown(record), faults, faults.delay_ms)
            if faults.reorder and kind == "payment.succeeded":
                stale = shown(record) | {"state": "processing", "captured_minor": 0}
                self._send("payment.processing", stale, faults, faults.delay_ms + REORDER_MS)

    def _send(self, kind: str, told: dict[str, Any], faults: Faults, delay_ms: int) -> None:
        if self.outbox is None or faults.drop:
            return
        now_ms = int(time.time() * 1000)
        name = f"evt_{uuid.uuid4().hex}"
        body = {"id": name, "type": kind, "created_ms": now_ms, "data": told}
        event = Event(
            id=name,
            body=msgspec.json.encode(body).decode(),
            due_ms=now_ms + delay_ms,
            copies=1 + faults.repeat,
        )
        self.ledger.put("event", name, event)
        self.outbox.add(event)

    def strike_before(self, payment: Payment, call: Call) -> None:
        """Raise No when this call is to fail without being carried out."""
        faults = self.book.faults_of(payment)
        if call in faults.error_before and self._hit(payment, f"before {call}", faults):
            self.keep_payment(payment)
            raise No(500, "internal", "not carried out")

    def strike_after(self, payment: Payment, call: Call) -> tuple[int, bool]:
        """Return how long the answer waits (ms), and whether it is lost."""
        faults = self.book.faults_of(payment)
        hangs = call in faults.hang and self._hit(payment, f"hang {call}", faults)
        broken = call in faults.error_after and self._hit(payment, f"after {call}", faults)
        if hangs or broken:
            self.keep_payment(payment)
        return faults.hang_ms if hangs else 0, broken

    def ledger_page(self) -> dict[str, Any]:
        """Return everything that was taken and given back, for whoever checks the books."""
        payments = self.book.payments.values()
        return {
            "payments": [shown(payment) for payment in payments],
            "refunds": [shown(refund) for refund in self.book.refunds.values()],
            "totals": {
                "payments": len(payments),
                "captured": sum(payment.captured_ms > 0 for payment in payments),
                "captured_minor": sum(payment.captured_minor for payment in payments),
                "refunded_minor": sum(payment.refunded_minor for payment in payments),
            },
        }

    def _hit(self, payment: Payment, what: str, faults: Faults) -> bool:
        hits = payment.hits.get(what, 0)
        payment.hits[what] = min(hits + 1, faults.times)
        return hits < faults.times

    def _later(self, record: Payment | Refund) -> None:
        timer = asyncio.create_task(self._end(record))
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    async def _end(self, record: Payment | Refund) -> None:
        await asyncio.sleep(max(0.0, record.due_ms / 1000 - time.time()))
        if isinstance(record, Payment):
            if record.state == "processing":
                self.tell(record, self.book.capture(record, int(time.time() * 1000)))
        elif record.state == "pending":
            self.tell(self.book.payments[record.payment], self.book.end_refund(record))
        await self.ledger.commit()
