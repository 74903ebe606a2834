"""Payments confirmed by webhook against purchases."""

import hmac
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from loadtests.bench.measurement import Bound, Measurement, Run, compare, per_cpu_s
from loadtests.bench.purchases import buying
from loadtests.bench.rounds import interleave
from loadtests.bench.settlement import catch_up
from loadtests.bench.shoot import shoot
from loadtests.generator.encode import encode_json_post
from loadtests.stage.sales import OnSale
from loadtests.stage.stage import WEBHOOK_SECRET, Stage

OK = 200


class NotConfirmed(Exception):
    """A webhook was answered, and its order was not paid."""


def measure(stage: Stage) -> Measurement:
    """Per CPU-second of the gateway. Each webhook tells of the captured payment of an order
    of its own, correctly signed; its 200 means inbox, verdict and order are done."""
    size = stage.size
    count = size.requests // 2
    webhooks = count * size.rounds + count
    on_sale = stage.admin.open_sale(webhooks + count * (size.rounds + 1))
    stage.say(f"preparing {webhooks:,} payments")
    payments = iter(_open_payments(stage, on_sale, webhooks))

    def confirm(calls: int) -> Run:
        requests = [_succeeded(next(payments)) for _ in range(calls)]
        return shoot(stage, stage.gateway, requests, expect=OK)

    ours, theirs = interleave(stage, confirm, buying(stage, on_sale), count=count)
    confirmed = webhooks - sum(1 for _ in payments)
    sold = stage.lane(on_sale.base).sold(on_sale.product_id)
    if sold != confirmed:
        raise NotConfirmed(f"{confirmed} webhooks were answered, {sold} units are sold")
    return compare(
        ("webhook", ours),
        ("purchase", theirs),
        figure=per_cpu_s,
        unit="requests per CPU-second",
        bound=Bound("at least", 0.3),
    )


def _open_payments(stage: Stage, on_sale: OnSale, count: int) -> Sequence[Any]:
    """Settled orders, each with a payment at the provider: rows (id, order_id, provider_ref,
    amount_minor, currency)."""
    lane = stage.lane(on_sale.base)
    lane.fill(stage.buyers.take(count), on_sale.product_id)
    with stage.worker():
        catch_up(stage, on_sale)
        rows = stage.database.rows(
            "INSERT INTO payments (id, order_id, provider, amount_minor, currency, provider_ref,"
            " idempotency_key) SELECT uuidv7(), id, 'simulator', total_minor, currency,"
            " 'pay_' || replace(id::text, '-', ''), id::text FROM orders WHERE sale_id = $1"
            " RETURNING id, order_id, provider_ref, amount_minor, currency",
            on_sale.sale_id,
        )
        lane.begin_payments(_pairs(rows))
        catch_up(stage, on_sale)
    return rows


def _pairs(rows: Sequence[Any]) -> Iterator[tuple[str, str]]:
    return ((str(row["order_id"]), str(row["id"])) for row in rows)


def _succeeded(payment: Any) -> bytes:
    """The request that the provider would send, signed now: HMAC-SHA256 over "t.body"."""
    now_s = int(time.time())
    body = msgspec.json.encode(
        {
            "id": f"evt_{payment['provider_ref']}",
            "created_at": now_s,
            "type": "payment.succeeded",
            "data": _payment(payment),
        }
    )
    digest = hmac.digest(WEBHOOK_SECRET.encode(), b"%d." % now_s + body, "sha256").hex()
    headers = {"Simulator-Signature": f"t={now_s},v1={digest}"}
    return encode_json_post("/webhooks/simulator", body, headers)


def _payment(payment: Any) -> dict[str, object]:
    return {
        "id": payment["provider_ref"],
        "state": "succeeded",
        "amount_minor": payment["amount_minor"],
        "captured_minor": payment["amount_minor"],
        "currency": payment["currency"],
        "metadata": {"order_id": str(payment["order_id"]), "payment_id": str(payment["id"])},
    }
