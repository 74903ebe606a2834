"""What is printed: a line a measurement, the plain figures of both sides beside it."""

from collections.abc import Mapping

from rich.table import Table

from loadtests.bench.measurement import Measurement, Side


def draw(found: Mapping[str, Measurement]) -> Table:
    """The table of all results."""
    table = Table(show_lines=False)
    for heading in ("measurement", "value", "unit", "against", "ratio", "bound", "met"):
        table.add_column(heading, justify="left" if heading in {"measurement", "unit"} else "right")
    table.add_column("plain rates, p50/p99 ms", overflow="fold")
    for name, each in found.items():
        table.add_row(
            name,
            number(each.value),
            each.unit,
            number(each.against),
            number(each.ratio),
            f"{each.bound.word} {number(each.bound.limit)}",
            "[green]yes[/]" if each.met else "[red]no[/]",
            plain(each),
        )
    return table


def plain(each: Measurement) -> str:
    """Both sides' plain figures, and whether the generator may have been the limit."""
    sides = [each.ours] if each.theirs is None else [each.ours, each.theirs]
    words = [_side(side) for side in sides] if each.theirs is not None else []
    words += [f"{name} {number(value)}" for name, value in each.notes.items()]
    if each.generator_saturated:
        words.append("[yellow]generator saturated[/]")
    return "; ".join(words)


def _side(side: Side) -> str:
    latency = f" {side.p50_ms:.1f}/{side.p99_ms:.1f}" if side.p99_ms else ""
    return f"{side.label} {number(side.per_s)}/s{latency}"


def number(value: float | None) -> str:
    """Three digits that count; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
