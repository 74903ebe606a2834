"""What is written: one object a measurement, with at least value, unit, against and ratio."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from loadtests.bench.measurement import Measurement

PATH: Final = Path(__file__).parents[1] / "results" / "bench.json"


def write_results(found: Mapping[str, Measurement], path: Path = PATH) -> None:
    """Write all at once, never half a file. Names that are not in `found` keep what they had."""
    path.parent.mkdir(exist_ok=True)
    kept = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    merged = {**kept, **{name: msgspec.to_builtins(each) for name, each in found.items()}}
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(merged), indent=2) + b"\n")
    fresh.replace(path)
