"""Valkey's memory for one live hold."""

from loadtests.bench.measurement import Bound, Measurement, Run, median_side
from loadtests.stage.stage import ALONE_PRODUCT, Alone, Stage


def measure(stage: Stage) -> Measurement:
    """Bytes of `used_memory` a hold: all its records, a buyer each, the journal trimmed.

    Tables that grow by doubling make the figure depend on the number of holds; half of
    `stored_holds` is measured too, and the dearer of the two is the value.
    """
    found = []
    for holds in (stage.size.stored_holds // 2, stage.size.stored_holds):
        with stage.alone() as alone:
            stage.say(f"storing {holds:,} holds")
            found.append(_bytes_each(alone, holds))
    bound = Bound("at most", 600)
    runs = [Run(done=1, wall_s=1, cpu_s=1)]
    return Measurement(
        value=max(found),
        unit="bytes per hold",
        against=None,
        ratio=None,
        bound=bound,
        met=bound.met(max(found)),
        ours=median_side("live hold", runs, lambda _: max(found)),
        notes={"half_as_many": found[0], "all": found[1]},
    )


def _bytes_each(alone: Alone, holds: int) -> float:
    before = _used_memory(alone)
    alone.lane.fill(range(1, holds + 1), ALONE_PRODUCT)
    alone.lane.trim()
    return (_used_memory(alone) - before) / holds


def _used_memory(alone: Alone) -> int:
    for line in alone.pipe.call("INFO", "memory").splitlines():
        name, _, value = line.partition(b":")
        if name == b"used_memory":
            return int(value)
    raise LookupError("used_memory")
