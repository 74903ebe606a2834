"""Valkey's CPU of `reserve` against that of a script that does nothing."""

import itertools
import time
from collections.abc import Sequence

from loadtests.accounting import measured
from loadtests.bench.measurement import Bound, Measurement, Run, compare
from loadtests.bench.rounds import interleave
from loadtests.peers.noop_script import TEXT
from loadtests.stage.pipe import pack
from loadtests.stage.stage import ALONE_PRODUCT, Alone, Stage

DEPTH = 16


def measure(stage: Stage) -> Measurement:
    """Microseconds of the server a call, pipelines of 16, one on its way, fsync `always`.

    The script that does nothing is called with the key and the arguments of `reserve`, so that the
    ratio is that of the scripts and not of their calls. Called without any, as `notes` have it, it
    is cheaper and the ratio higher.
    """
    with stage.alone() as alone:
        sha = str(alone.pipe.call("SCRIPT", "LOAD", TEXT).decode())
        bare = pack("EVALSHA", sha, 0)
        count = stage.size.script_calls
        users = itertools.count(1)

        def reserve(calls: int) -> Run:
            buyers = itertools.islice(users, calls)
            return _pour(alone, list(alone.lane.reserve_commands(buyers, ALONE_PRODUCT)))

        sample = next(alone.lane.reserve_commands([1], ALONE_PRODUCT))
        known = sample.index(b"$40\r\n") + 5
        noop = sample[:known] + sha.encode() + sample[known + 40 :]
        ours, theirs = interleave(
            stage, reserve, lambda calls: _pour(alone, [noop] * calls), count=count
        )
        barely = _pour(alone, [bare] * count)
    return compare(
        ("reserve", ours),
        ("return 1", theirs),
        figure=lambda run: run.cpu_us_each,
        unit="CPU microseconds of Valkey",
        bound=Bound("at most", 12),
        notes={"noop_without_arguments_us": barely.cpu_us_each},
    )


def _pour(alone: Alone, commands: Sequence[bytes]) -> Run:
    whole = len(commands) - len(commands) % DEPTH
    chunks = [b"".join(commands[at : at + DEPTH]) for at in range(0, whole, DEPTH)]
    started_at = time.perf_counter()
    with measured(alone.pid) as spent:
        alone.pipe.drain(chunks, DEPTH)
    return Run(done=whole, wall_s=time.perf_counter() - started_at, cpu_s=spent.cpu_s)
