"""`python -m loadtests.bench [--only NAME]... [--size small|full]`.

Runs the measurements, prints a table, writes `loadtests/results/bench.json` (only `full` runs are
written, unless `--output` names a file). A measurement that fails is reported and the others still
run. Exit code: 0 all measured (met or not), 1 one could not be.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from flashsale.stack.signals import stopped_by_signals
from loadtests.bench.catalogue import APART, MEASUREMENTS
from loadtests.bench.measurement import Measurement
from loadtests.bench.results import PATH, write_results
from loadtests.bench.table import draw, number
from loadtests.stage.sizes import SIZES
from loadtests.stage.stage import Stage


class _Options(argparse.Namespace):
    only: list[str]
    size: str
    output: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code. Main thread only."""
    parser = argparse.ArgumentParser(prog="loadtests.bench", description="Measure side by side.")
    parser.add_argument("--only", action="append", choices=[*MEASUREMENTS], default=[])
    parser.add_argument("--size", choices=[*SIZES], default="full")
    parser.add_argument("--output", type=Path, help="where to write instead of the results folder")
    options = parser.parse_args(arguments, namespace=_Options())
    names = [name for name in MEASUREMENTS if not options.only or name in options.only]
    output = options.output or (PATH if options.size == "full" else None)
    console = Console()
    found: dict[str, Measurement] = {}
    with stopped_by_signals():
        run_all(console, names, options.size, found)
    if found:
        console.print(draw(found))
    if found and output is not None:
        write_results(found, output)
        console.print(f"written to {output}")
    return 0 if len(found) == len(names) else 1


def run_all(
    console: Console, names: Sequence[str], size: str, found: dict[str, Measurement]
) -> None:
    """Fill `found` with what could be measured; failures are printed with their reason."""
    together = [name for name in names if name not in APART]
    for group in [together, *([name] for name in names if name in APART)]:
        with console.status("") as status, Stage(SIZES[size], console.log) as stage:
            for name in group:

                def say(text: str, name: str = name, status: Status = status) -> None:
                    status.update(f"{name}: {text}")

                stage.say = say
                _run_one(console, stage, name, found)


def _run_one(console: Console, stage: Stage, name: str, found: dict[str, Measurement]) -> None:
    started_at = time.monotonic()
    try:
        measured = MEASUREMENTS[name](stage)
    except Exception as failure:
        reason = escape(f"{type(failure).__name__}: {failure}")
        console.print(f"[red]{name}: not measured[/] {reason}")
        return
    found[name] = measured
    shown = number(measured.value if measured.ratio is None else measured.ratio)
    word = "[green]met[/]" if measured.met else "[red]not met[/]"
    took_s = time.monotonic() - started_at
    bound = f"{measured.bound.word} {number(measured.bound.limit)}"
    console.print(f"{name}: {shown} ({bound}) {word} [dim]{took_s:.0f} s[/]")


if __name__ == "__main__":
    sys.exit(main())
