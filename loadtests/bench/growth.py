"""What a purchase costs when a million holds are alive."""

from loadtests.bench.measurement import Bound, Measurement, Run, compare
from loadtests.bench.purchases import buying, enough_units
from loadtests.bench.rounds import interleave
from loadtests.stage.stage import Stage

STRANGERS = 1_000_000_000
"""Ids of buyers whom only Valkey gets to know: this stage's journal is never settled."""
FIRST_UNITS = 1_000
"""Opened through the gateway; the rest is added in the store, above what a product may have."""


def measure(stage: Stage) -> Measurement:
    """CPU of gateway and Valkey together for one purchase. The holds are in the same lane, of the
    same product. The other side begins each round with a new sale that has few holds."""
    many, few = stage.size.many_holds, stage.size.few_holds
    crowded = stage.admin.open_sale(FIRST_UNITS)
    stage.say(f"filling {many:,} holds")
    lane = stage.lane(crowded.base)
    lane.add_units(crowded.product_id, many + enough_units(stage))
    lane.fill(range(STRANGERS, STRANGERS + many), crowded.product_id)
    valkey_pid = stage.engines.valkey.pid

    def quiet(count: int) -> Run:
        fresh = stage.admin.open_sale(few + count)
        stage.lane(fresh.base).fill(range(STRANGERS, STRANGERS + few), fresh.product_id)
        return buying(stage, fresh, also=[valkey_pid])(count)

    ours, theirs = interleave(
        stage, buying(stage, crowded, also=[valkey_pid]), quiet, count=stage.size.requests
    )
    return compare(
        (f"{many:,} live holds", ours),
        (f"{few:,} live holds", theirs),
        figure=lambda run: run.cpu_us_each,
        unit="CPU microseconds of gateway and Valkey",
        bound=Bound("at most", 1.3),
    )
