"""`POST /webhooks/<provider>`: raw ASGI, so that a burst of webhooks does not cost what sales need.

200 is sent when the event is durable and has had its effect; until then the provider tries again.
"""

from typing import Any, Final

import msgspec
import structlog
from prometheus_client import Counter

from gateway.exceptions import refusal
from gateway.operations.metrics import Metrics
from gateway.payments.webhook_batches import TooManyWaiting, WebhookBatches
from gateway.problems import Answer, Refused, ready
from settlement.providers.errors import InvalidSignature, UnreadableEvent
from settlement.providers.protocol import PaymentProvider

log = structlog.get_logger(__name__)

_BODY: Final = msgspec.json.encode({"received": True})
RECEIVED: Final = Answer(
    200,
    (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(_BODY)).encode()),
        (b"cache-control", b"no-store"),
    ),
    _BODY,
)
NO_SECRET: Final = ready(Refused("not_found", "This provider sends no webhooks here."))
NOT_YET: Final = ready(Refused("recovering", "It is kept, and had no effect yet; send it again."))


class TakeWebhook:
    """Answers the webhooks of one provider; None: of one that is not configured."""

    def __init__(
        self, provider: PaymentProvider | None, batches: WebhookBatches, counter: Counter, name: str
    ) -> None:
        self._provider = provider
        self._batches = batches
        self._name = name
        self._counts = {word: counter.labels(name, word) for word in _WORDS}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; every refusal is a problem, never an exception."""
        try:
            answer = await self._answer(scope, receive)
        except Exception as raised:
            answer = self._refused(scope, raised)
        await answer.send(send, scope["added_headers"])

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        provider = self._provider
        if provider is None or not provider.takes_webhooks:
            return NO_SECRET
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body", False):
            message = await receive()
            body += message.get("body", b"")
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        event = provider.read_webhook(body, headers)
        verdict = await self._batches.add(provider.name, event)
        self._counts[verdict.state].inc()
        return NOT_YET if verdict.state == "received" else RECEIVED

    def _refused(self, scope: Any, raised: Exception) -> Answer:
        self._counts["refused"].inc()
        facts = {"provider": self._name, "request_id": scope["request_id"]}
        if isinstance(raised, InvalidSignature):
            log.warning("webhook_signature", reason=str(raised), **facts)
            return ready(Refused("invalid_signature"))
        if isinstance(raised, UnreadableEvent):
            log.error("webhook_unreadable", reason=str(raised), **facts)
            return ready(Refused("invalid_request", str(raised)))
        if isinstance(raised, TooManyWaiting):
            return ready(Refused("overloaded"))
        refused = refusal(raised)
        if refused.code == "internal":
            log.error("unexpected", exc_info=raised, **facts)
        return ready(refused)


_WORDS: Final = ("received", "handled", "ignored", "failed", "refused")


def webhook_counter(metrics: Metrics) -> Counter:
    """The counter that all providers share."""
    return Counter(
        "flashsale_webhooks",
        "Webhooks by provider and what came of them.",
        ("provider", "outcome"),
        registry=metrics.registry,
    )
