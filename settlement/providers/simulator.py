"""The simulated provider, as the engine sees it: a small HTTP API with idempotency keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import httpx
import msgspec

from settlement.providers import simulator_messages as messages
from settlement.providers import simulator_signature as signature
from settlement.providers.errors import ProviderMisused, ProviderUnreachable, UnreadableEvent
from settlement.providers.protocol import (
    Created,
    Event,
    Missing,
    NewPayment,
    NewRefund,
    PaymentReport,
    RefundReport,
    Refused,
    Report,
)
from settlement.providers.scrub import scrub

CONNECTIONS_MAX: Final = 32
"""Of one process; a rush of payments waits for one of them instead of opening thousands."""
PAGES_MAX: Final = 50
"""Of 500 payments each: what one reconciliation reads at most; the next goes on from there."""

Answer = TypeVar("Answer")


class Simulator:
    """Implements `PaymentProvider`. Belongs to one event loop."""

    name = "simulator"

    def __init__(self, url: str, webhook_secret: str, timeout_s: float) -> None:
        self._secret = webhook_secret
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            timeout=httpx.Timeout(timeout_s),
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            trust_env=False,
        )

    @property
    def takes_webhooks(self) -> bool:
        """Whether the secret is set."""
        return bool(self._secret)

    async def create(self, payment: NewPayment) -> Created | Refused:
        """Open a payment; the same key again answers the same payment."""
        asked = {
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "metadata": {"payment_id": payment.payment_id, "order_id": payment.order_id},
            "return_url": payment.return_url,
        }
        answer = await self._call("POST", "/payments", asked, payment.idempotency_key)
        if answer.status_code == 402:
            return self._refused(answer)
        made = self._read(answer, messages.Payment)
        return Created(made.id, None, made.redirect_url, scrub(msgspec.to_builtins(made)))

    async def cancel(self, ref: str) -> PaymentReport | Missing:
        """Cancel it, or tell what was in the way."""
        answer = await self._call("POST", f"/payments/{ref}/cancel", {}, f"cancel:{ref}")
        if answer.status_code == 409:
            return await self.probe(ref)
        return self._payment(answer)

    async def probe(self, ref: str) -> PaymentReport | Missing:
        """Ask how the payment stands now."""
        return self._payment(await self._call("GET", f"/payments/{ref}"))

    async def refund(self, refund: NewRefund) -> RefundReport | Refused:
        """Give money back; the same key again answers the same refund."""
        asked = {"amount_minor": refund.amount_minor, "metadata": {"refund_id": refund.refund_id}}
        path = f"/payments/{refund.ref}/refunds"
        answer = await self._call("POST", path, asked, refund.idempotency_key)
        if answer.status_code in {402, 404, 409}:
            return self._refused(answer)
        return messages.refund_report(self._read(answer, messages.Refund))

    async def find_refund(self, refund: NewRefund) -> RefundReport | None:
        """Look for this refund by our id."""
        answer = await self._call("GET", f"/payments/{refund.ref}/refunds")
        if answer.status_code == 404:
            return None
        for found in self._read(answer, list[messages.Refund]):
            if found.metadata.refund_id == refund.refund_id:
                return messages.refund_report(found)
        return None

    async def captured_since(self, since: datetime) -> Sequence[PaymentReport]:
        """Return the payments captured since then, oldest first."""
        found: list[PaymentReport] = []
        after = f"{int(since.timestamp() * 1000)}"
        for _ in range(PAGES_MAX):
            answer = await self._call("GET", f"/payments?state=succeeded&after={after}")
            page = self._read(answer, messages.Page)
            found += [messages.payment_report(payment) for payment in page.items]
            if page.next is None:
                break
            after = page.next
        return found

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> Event:
        """Check and read an event. Raises InvalidSignature, UnreadableEvent."""
        signature.check(self._secret, body, headers.get(signature.HEADER))
        try:
            payload = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as broken:
            raise UnreadableEvent("the body is not a JSON object") from broken
        event_id, kind = payload.get("id"), payload.get("type")
        if not isinstance(event_id, str) or not isinstance(kind, str) or not event_id:
            raise UnreadableEvent("the event has no id or no type")
        kept = scrub(payload)
        try:
            return Event(event_id, kind, kept, self.read_report(kept))
        except UnreadableEvent as unreadable:
            return Event(event_id, kind, kept, None, str(unreadable))

    def read_report(self, payload: Mapping[str, Any]) -> Report | None:
        """Read a kept payload again. Raises UnreadableEvent."""
        return messages.read_report(payload)

    async def close(self) -> None:
        """Give back connections."""
        await self._http.aclose()

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = {"content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = await self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as lost:
            raise ProviderUnreachable(self.name, f"{path}: {type(lost).__name__}") from lost
        if answer.status_code >= 500 or answer.status_code in {408, 425, 429}:
            raise ProviderUnreachable(self.name, f"{path}: {answer.status_code}")
        return answer

    def _payment(self, answer: httpx.Response) -> PaymentReport | Missing:
        if answer.status_code == 404:
            return Missing()
        return messages.payment_report(self._read(answer, messages.Payment))

    def _refused(self, answer: httpx.Response) -> Refused:
        problem = msgspec.json.decode(answer.content, type=messages.Problem)
        return Refused(problem.code, problem.detail)

    def _read(self, answer: httpx.Response, kind: type[Answer]) -> Answer:
        """Read a successful answer. Raises ProviderMisused for any other."""
        if answer.status_code >= 300:
            raise ProviderMisused(self.name, f"{answer.request.url.path}: {answer.text[:200]}")
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as misfit:
            raise ProviderMisused(self.name, f"{answer.request.url.path}: {misfit}") from misfit
