"""Settled orders against plain inserts of the same rows, plain rates."""

from loadtests.bench.measurement import Bound, Measurement, Run, compare, per_s
from loadtests.bench.settlement import settle
from loadtests.peers.plain_insert import Inserts, run_inserts
from loadtests.stage.sales import OnSale
from loadtests.stage.stage import Stage


def measure(stage: Stage) -> Measurement:
    """Orders, lines and journal entries in the same tables, in batches of the same size."""
    settled, inserted = [], []
    for number in range(stage.size.rounds + 1):
        stage.say(f"round {number} of {stage.size.rounds}")
        on_sale = stage.admin.open_sale(stage.size.settled)
        filled = stage.buyers.take(stage.size.settled)
        stage.lane(on_sale.base).fill(filled, on_sale.product_id)
        left, right = settle(stage, on_sale), _insert(stage, on_sale)
        if number > 0:
            settled.append(left)
            inserted.append(right)
    return compare(
        ("settle", settled),
        ("plain unnest inserts", inserted),
        figure=per_s,
        unit="orders per second",
        bound=Bound("at least", 0.5),
    )


def _insert(stage: Stage, on_sale: OnSale) -> Run:
    inserts = Inserts(
        database_url=stage.engines.postgres.url(),
        sale_id=on_sale.sale_id,
        product_id=on_sale.product_id,
        buyers=stage.buyers.take(stage.size.settled),
    )
    done = run_inserts(inserts, stage.log_path("plain_insert"))
    return Run(done=len(inserts.buyers), wall_s=done.wall_s, cpu_s=done.cpu_s)
