"""What is written is what others read."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from loadtests.bench.catalogue import APART, MEASUREMENTS
from loadtests.bench.measurement import Bound, Measurement, Run, compare, per_cpu_s
from loadtests.bench.results import write_results
from loadtests.bench.table import draw

PROMISED = {
    "purchase_vs_framework",
    "purchase_vs_framework_noauth",
    "purchase_vs_row_lock",
    "refusal_vs_bare_asgi",
    "settle_vs_purchase",
    "settle_vs_insert",
    "reserve_vs_noop_script",
    "fsync_cost",
    "growth",
    "expiry_impact",
    "webhooks",
    "bytes_per_hold",
}


def _runs(*cpu_seconds: float, share: float = 0.5) -> list[Run]:
    return [
        Run(done=100, wall_s=2.0, cpu_s=each, p50_ms=1, p99_ms=2, generator_share=share)
        for each in cpu_seconds
    ]


def _compared(bound: Bound, *, share: float = 0.5) -> Measurement:
    ours, theirs = _runs(1.0, 9.0, 2.0, share=share), _runs(4.0, 4.0, 1.0)
    return compare(
        ("a", ours), ("b", theirs), figure=per_cpu_s, unit="requests per CPU-second", bound=bound
    )


def test_every_promised_measurement_is_there_and_no_other() -> None:
    assert set(MEASUREMENTS) == PROMISED
    assert APART < PROMISED


def test_a_ratio_is_that_of_the_medians() -> None:
    found = _compared(Bound("at least", 1.5))
    assert (found.value, found.against, found.ratio) == (50, 25, 2)
    assert found.met


@pytest.mark.parametrize(
    ("bound", "met"),
    [
        (Bound("at least", 2), True),
        (Bound("at least", 2.1), False),
        (Bound("at most", 2), True),
        (Bound("at most", 1.9), False),
    ],
)
def test_a_bound_is_met_or_not(bound: Bound, met: bool) -> None:
    assert _compared(bound).met is met


def test_a_run_in_which_the_generator_was_the_limit_is_marked() -> None:
    bound = Bound("at least", 1)
    assert not _compared(bound).generator_saturated
    assert _compared(bound, share=0.95).generator_saturated


def test_the_file_has_value_unit_against_and_ratio_of_each(tmp_path: Path) -> None:
    path = tmp_path / "results" / "bench.json"
    write_results({"growth": _compared(Bound("at most", 3))}, path)
    write_results({"webhooks": _compared(Bound("at least", 3))}, path)
    written: dict[str, dict[str, Any]] = msgspec.json.decode(path.read_bytes())
    assert set(written) == {"growth", "webhooks"}, "a run of one keeps the others"
    for each in written.values():
        assert (each["value"], each["against"], each["ratio"]) == (50, 25, 2)
        assert each["unit"] == "requests per CPU-second"
    assert written["growth"]["met"] is True
    assert written["webhooks"]["met"] is False


def test_the_table_has_a_row_for_each() -> None:
    assert draw({"growth": _compared(Bound("at most", 3))}).row_count == 1
