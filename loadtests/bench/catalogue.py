"""Which measurements there are, and in which order they run."""

from collections.abc import Callable
from typing import Final

from loadtests.bench import (
    bytes_per_hold,
    expiry_impact,
    fsync_cost,
    growth,
    purchase_vs_framework,
    purchase_vs_framework_noauth,
    purchase_vs_row_lock,
    refusal_vs_bare_asgi,
    reserve_vs_noop_script,
    settle_vs_insert,
    settle_vs_purchase,
    webhooks,
)
from loadtests.bench.measurement import Measurement
from loadtests.stage.stage import Stage

# Those that need the worker come before those that leave a journal nobody settles.
MEASUREMENTS: Final[dict[str, Callable[[Stage], Measurement]]] = {
    "reserve_vs_noop_script": reserve_vs_noop_script.measure,
    "bytes_per_hold": bytes_per_hold.measure,
    "settle_vs_purchase": settle_vs_purchase.measure,
    "settle_vs_insert": settle_vs_insert.measure,
    "webhooks": webhooks.measure,
    "expiry_impact": expiry_impact.measure,
    "purchase_vs_framework": purchase_vs_framework.measure,
    "purchase_vs_framework_noauth": purchase_vs_framework_noauth.measure,
    "purchase_vs_row_lock": purchase_vs_row_lock.measure,
    "refusal_vs_bare_asgi": refusal_vs_bare_asgi.measure,
    "fsync_cost": fsync_cost.measure,
    "growth": growth.measure,
}
APART: Final = frozenset({"growth"})
"""These need a stage of their own: they fill Valkey with buyers whom Postgres does not know."""
