"""Sold-out answers against a bare ASGI echo on the same server."""

from loadtests.bench.measurement import Bound, Measurement, compare, per_cpu_s
from loadtests.bench.purchases import at
from loadtests.bench.rounds import interleave
from loadtests.generator.self_check import echo_rate_per_s
from loadtests.stage.stage import Stage

UNITS = 100
CONFLICT = 409


def measure(stage: Stage) -> Measurement:
    """Per CPU-second. Nobody who asks had a unit, so every answer is `sold_out`.

    Carries the generator's self-check (`loadtests.generator.self_check`): `generator_margin` is its
    own echo's rate over that of the bare ASGI server, the fastest of all that is measured.
    """
    on_sale = stage.admin.open_sale(UNITS)
    stage.lane(on_sale.base).fill(stage.buyers.take(UNITS), on_sale.product_id)
    with stage.peer("bare_asgi") as bare:
        ours, theirs = interleave(
            stage,
            at(stage, stage.gateway, on_sale.product_id, expect=CONFLICT),
            at(stage, bare),
            count=stage.size.requests,
        )
    echo_per_s = echo_rate_per_s(stage.size.requests, stage.size.connections)
    return compare(
        ("sold out", ours),
        ("bare ASGI echo", theirs),
        figure=per_cpu_s,
        unit="requests per CPU-second",
        bound=Bound("at least", 0.6),
        notes={
            "generator_echo_per_s": echo_per_s,
            "generator_margin": echo_per_s / max(run.per_s for run in theirs),
        },
    )
