"""A/B/A/B after a warm-up."""

from collections.abc import Callable

from loadtests.bench.measurement import Run
from loadtests.stage.stage import Stage

WARM_UP_PART = 4
"""A warm-up has a fourth of a round: pools are filled and code paths walked after a few hundred."""

Side = Callable[[int], Run]
"""Does that many of its thing, and says how it went."""


def interleave(
    stage: Stage,
    ours: Side,
    theirs: Side,
    *,
    count: int,
    theirs_count: int | None = None,
) -> tuple[list[Run], list[Run]]:
    """Warm both up, then `stage.size.rounds` times ours and theirs in turn."""
    other = theirs_count or count
    ours(max(count // WARM_UP_PART, 1))
    theirs(max(other // WARM_UP_PART, 1))
    left, right = [], []
    for number in range(1, stage.size.rounds + 1):
        stage.say(f"round {number} of {stage.size.rounds}")
        left.append(ours(count))
        right.append(theirs(other))
    return left, right
