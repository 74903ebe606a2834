"""Settings and laws as tables: with colour on a terminal, plain elsewhere."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flashsale.environment import Variable
from settlement.laws.law import Law


def print_settings(variables: Sequence[Variable]) -> None:
    """Print name, value, source, and what is wrong."""
    table = Table(box=None, pad_edge=False)
    for title in ("setting", "value", "from", ""):
        table.add_column(title, overflow="fold")
    for variable in variables:
        table.add_row(
            variable.name,
            Text(variable.shown),
            Text(variable.source, style="dim"),
            Text(variable.wrong, style="red"),
        )
    _console().print(table)


def print_laws(laws: Sequence[Law]) -> None:
    """Print each law, whether it holds, and its numbers."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for law in laws:
        mark = Text("holds ", style="green") if law.ok else Text("BROKEN", style="bold red")
        table.add_row(mark, Text(law.name), Text(law.detail, style="" if law.ok else "red"))
    _console().print(table)


def _console() -> Console:
    """Of stdout; where nobody watches, wide enough to break no line."""
    console = Console()
    return console if console.is_terminal else Console(width=200)
