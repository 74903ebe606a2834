"""Winning durable purchases against the framework's empty endpoint that verifies the token."""

from loadtests.bench.measurement import Bound, Measurement, compare, per_cpu_s
from loadtests.bench.purchases import at, buying, enough_units
from loadtests.bench.rounds import interleave
from loadtests.stage.stage import Stage


def measure(stage: Stage) -> Measurement:
    """Per CPU-second of the serving process. The peer is Litestar with PyJWT in the handler."""
    on_sale = stage.admin.open_sale(enough_units(stage))
    with stage.peer("litestar_token") as litestar:
        ours, theirs = interleave(
            stage, buying(stage, on_sale), at(stage, litestar), count=stage.size.requests
        )
    return compare(
        ("purchase", ours),
        ("Litestar, PyJWT", theirs),
        figure=per_cpu_s,
        unit="requests per CPU-second",
        bound=Bound("at least", 1.5),
    )
