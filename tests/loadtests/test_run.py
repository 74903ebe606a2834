"""The command measures, writes and tells by its exit code whether it could."""

from pathlib import Path

import msgspec
import pytest

from loadtests.bench import catalogue, run
from loadtests.bench.measurement import Measurement
from loadtests.stage.stage import Stage


def test_what_needs_only_valkey_is_measured_and_written(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    chosen = ["--only", "bytes_per_hold", "--only", "reserve_vs_noop_script"]
    assert run.main([*chosen, "--size", "small", "--output", str(output)]) == 0
    written = msgspec.json.decode(output.read_bytes())
    assert set(written) == {"bytes_per_hold", "reserve_vs_noop_script"}
    assert 100 < written["bytes_per_hold"]["value"] < 2_000
    assert written["bytes_per_hold"]["ratio"] is None
    script = written["reserve_vs_noop_script"]
    assert script["ratio"] == pytest.approx(script["value"] / script["against"])
    assert script["ratio"] > 1


def test_one_that_fails_does_not_stop_the_others_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Stage) -> Measurement:
        raise LookupError("no [such] thing")

    monkeypatch.setitem(catalogue.MEASUREMENTS, "reserve_vs_noop_script", fail)
    output = tmp_path / "bench.json"
    chosen = ["--only", "bytes_per_hold", "--only", "reserve_vs_noop_script"]
    assert run.main([*chosen, "--size", "small", "--output", str(output)]) == 1
    assert set(msgspec.json.decode(output.read_bytes())) == {"bytes_per_hold"}
    assert "no [such] thing" in capsys.readouterr().out
