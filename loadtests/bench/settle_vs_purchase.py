"""Settled orders against purchases, each per CPU-second of its own process."""

from loadtests.bench.measurement import Bound, Measurement, compare, per_cpu_s
from loadtests.bench.purchases import buying
from loadtests.bench.settlement import settle
from loadtests.stage.stage import Stage


def measure(stage: Stage) -> Measurement:
    """One worker against one gateway. Each round has a sale of its own: some orders are bought over
    HTTP, more by pipelined scripts while the worker stands still, then it settles all of them."""
    settled, bought = [], []
    stage.say("warm-up")
    for number in range(stage.size.rounds + 1):
        on_sale = stage.admin.open_sale(stage.size.settled + stage.size.requests)
        purchases = buying(stage, on_sale)(stage.size.requests)
        filled = stage.buyers.take(stage.size.settled)
        stage.lane(on_sale.base).fill(filled, on_sale.product_id)
        run = settle(stage, on_sale)
        stage.say(f"round {number} of {stage.size.rounds}")
        if number > 0:
            settled.append(run)
            bought.append(purchases)
    return compare(
        ("settle", settled),
        ("purchase", bought),
        figure=per_cpu_s,
        unit="orders per CPU-second",
        bound=Bound("at least", 3),
    )
