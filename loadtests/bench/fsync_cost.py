"""Purchases when every write is fsynced before its answer, against an fsync a second."""

from loadtests.bench.measurement import Bound, Measurement, Run, compare, per_s
from loadtests.bench.purchases import buying, enough_units
from loadtests.bench.rounds import interleave
from loadtests.stage.stage import Stage


def measure(stage: Stage) -> Measurement:
    """Plain rates: what the disk costs is waiting. The policy is changed on the running server."""
    on_sale = stage.admin.open_sale(2 * enough_units(stage))
    buy = buying(stage, on_sale)

    def under(policy: str, count: int) -> Run:
        stage.pipe.call("CONFIG", "SET", "appendfsync", policy)
        return buy(count)

    try:
        ours, theirs = interleave(
            stage,
            lambda count: under("always", count),
            lambda count: under("everysec", count),
            count=stage.size.requests,
        )
    finally:
        stage.pipe.call("CONFIG", "SET", "appendfsync", "always")
    return compare(
        ("always", ours),
        ("everysec", theirs),
        figure=per_s,
        unit="purchases per second",
        bound=Bound("at least", 0.9),
    )
