"""How purchases fare while a great many holds expire."""

import time

from loadtests.bench.measurement import Bound, Measurement, Run, compare
from loadtests.bench.purchases import CREATED, purchase_requests
from loadtests.bench.settlement import catch_up
from loadtests.bench.shoot import shoot
from loadtests.stage.sales import OnSale
from loadtests.stage.stage import Stage

ROUNDS_MAX = 2
"""A round waits for deadlines, so few of them are made."""
POLL_S = 0.01
LATE_S = 20.0


class WrongMoment(Exception):
    """Holds expired when they should not, or did not when they should."""


def measure(stage: Stage) -> Measurement:
    """The p99 of paced purchases in the lane whose holds expire, against the same lane before.

    Paced, since a saturated server's latency is only its queue. The worker runs on both sides.
    """
    calm, busy, expired = [], [], 0
    with stage.worker():
        for number in range(1, min(stage.size.rounds, ROUNDS_MAX) + 1):
            stage.say(f"round {number}: waiting for deadlines")
            left, right, ended = _round(stage)
            calm.append(left)
            busy.append(right)
            expired += ended
    return compare(
        ("while holds expire", busy),
        ("before", calm),
        figure=lambda run: run.p99_ms,
        unit="ms p99 of a purchase",
        bound=Bound("at most", 2),
        notes={"expired_meanwhile": expired / len(busy)},
    )


def _round(stage: Stage) -> tuple[Run, Run, int]:
    size = stage.size
    bought = int(size.paced_per_s * size.paced_s)
    on_sale = stage.admin.open_sale(size.expiring + 3 * bought, hold_ttl_s=size.expiring_ttl_s)
    lane = stage.lane(on_sale.base)
    first_due_at = time.monotonic() + size.expiring_ttl_s
    lane.fill(stage.buyers.take(size.expiring), on_sale.product_id)
    catch_up(stage, on_sale)
    _buy(stage, on_sale, bought // 4)
    calm = _buy(stage, on_sale, bought)
    if time.monotonic() > first_due_at:
        raise WrongMoment("holds were due before the calm side was over: give them more time")
    # Requests are made before the first deadline, so that the load meets the holds as they end.
    requests = purchase_requests(stage, on_sale.product_id, bought)
    before = _wait_for_expiry(stage, on_sale, first_due_at)
    busy = _shoot(stage, requests)
    return calm, busy, max(before + bought - lane.held(on_sale.product_id), 0)


def _buy(stage: Stage, on_sale: OnSale, count: int) -> Run:
    return _shoot(stage, purchase_requests(stage, on_sale.product_id, count))


def _shoot(stage: Stage, requests: list[bytes]) -> Run:
    rate_per_s = stage.size.paced_per_s
    return shoot(stage, stage.gateway, requests, expect=CREATED, rate_per_s=rate_per_s)


def _wait_for_expiry(stage: Stage, on_sale: OnSale, first_due_at: float) -> int:
    """Return the units held when they begin to fall. Raises WrongMoment when they do not."""
    lane = stage.lane(on_sale.base)
    held = lane.held(on_sale.product_id)
    while lane.held(on_sale.product_id) >= held:
        if time.monotonic() > first_due_at + LATE_S:
            raise WrongMoment(f"no hold has ended {LATE_S:.0f} s after its deadline")
        time.sleep(POLL_S)
    return held
