"""What one round and one measurement are; medians and ratios. Pure."""

import statistics
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from loadtests.generator.launch import SATURATED_SHARE


class Run(Struct, frozen=True):
    """One round of one side: `done` things in `wall_s`, for `cpu_s` of the process that counts.

    `generator_share`: part of a core that the load generator used, 0..1; 0 when there was none.
    """

    done: int
    wall_s: float
    cpu_s: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    generator_share: float = 0.0

    @property
    def per_s(self) -> float:
        """The plain rate."""
        return self.done / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """The rate per CPU-second. Raises ZeroDivisionError when the round was far too short."""
        return self.done / self.cpu_s

    @property
    def cpu_us_each(self) -> float:
        """CPU microseconds of one."""
        return self.cpu_s / self.done * 1_000_000


class Side(Struct, frozen=True):
    """Medians of one side's rounds; `values` has each round's figure."""

    label: str
    values: list[float]
    per_s: float
    cpu_us_each: float
    p50_ms: float
    p99_ms: float
    generator_share: float


class Bound(Struct, frozen=True):
    """What is promised of a ratio, or of the value when there is no ratio."""

    word: Literal["at least", "at most"]
    limit: float

    def met(self, found: float) -> bool:
        """Whether the promise holds."""
        return found >= self.limit if self.word == "at least" else found <= self.limit


class Measurement(Struct, frozen=True, kw_only=True):
    """A result. The first four fields are what others read; `ratio` is `value / against`."""

    value: float
    unit: str
    against: float | None
    ratio: float | None
    bound: Bound
    met: bool
    ours: Side
    theirs: Side | None = None
    generator_saturated: bool = False
    notes: dict[str, float] = {}


Figure = Callable[[Run], float]


def median_side(label: str, runs: Sequence[Run], figure: Figure) -> Side:
    """The medians of some rounds."""

    def median(of: Figure) -> float:
        return statistics.median(of(run) for run in runs)

    return Side(
        label=label,
        values=[figure(run) for run in runs],
        per_s=median(lambda run: run.per_s),
        cpu_us_each=median(lambda run: run.cpu_us_each),
        p50_ms=median(lambda run: run.p50_ms),
        p99_ms=median(lambda run: run.p99_ms),
        generator_share=max(run.generator_share for run in runs),
    )


def compare(
    ours: tuple[str, Sequence[Run]],
    theirs: tuple[str, Sequence[Run]],
    *,
    figure: Figure,
    unit: str,
    bound: Bound,
    notes: dict[str, float] | None = None,
) -> Measurement:
    """The ratio of two medians of `figure`; sides are (label, rounds)."""
    left = median_side(*ours, figure)
    right = median_side(*theirs, figure)
    value, against = statistics.median(left.values), statistics.median(right.values)
    return Measurement(
        value=value,
        unit=unit,
        against=against,
        ratio=value / against,
        bound=bound,
        met=bound.met(value / against),
        ours=left,
        theirs=right,
        generator_saturated=max(left.generator_share, right.generator_share) >= SATURATED_SHARE,
        notes=notes or {},
    )


def per_cpu_s(run: Run) -> float:
    """The figure of most measurements."""
    return run.per_cpu_s


def per_s(run: Run) -> float:
    """The figure where two machines' worth of waiting is compared, not work."""
    return run.per_s
