"""What payments give the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.payments.admin_routes import admin_routes
from gateway.payments.buyer_routes import buyer_routes
from gateway.payments.document import operation
from gateway.payments.take_webhook import TakeWebhook, webhook_counter
from gateway.payments.webhook_batches import WebhookBatches
from gateway.process import Process
from gateway.subject import Subject
from migrations.states import PROVIDERS


def payments(process: Process) -> Subject:
    """Paying, refunds, webhooks."""
    batches = WebhookBatches(process.payments.money)
    counter = webhook_counter(process.metrics)
    handlers = {
        name: TakeWebhook(process.payments.providers.get(name), batches, counter, name)
        for name in PROVIDERS
    }

    @asynccontextmanager
    async def batches_end() -> AsyncIterator[None]:
        yield
        await batches.close()

    return Subject(
        routes=[*buyer_routes(process), *admin_routes(process)],
        background=[batches_end],
        raw={("POST", f"/webhooks/{name}"): handler for name, handler in handlers.items()},
        openapi={f"/webhooks/{name}": {"post": operation(name)} for name in PROVIDERS},
    )
