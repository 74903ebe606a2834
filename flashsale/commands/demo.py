"""`flashsale demo`: a whole sale in a minute, and the ledger of every promise."""

import sys
from typing import Final

import rich_click as click

from flashsale.commands.quiet import log_to_stderr

STOPPED: Final = 130
"""What shells say of a program that Ctrl-C ended."""

PLAIN_WIDTH: Final = 150
"""Where nobody watches, lines need not fit a window."""


@click.command()
@click.option("--buyers", default=5_000, show_default=True, type=click.IntRange(10, 1_000_000))
@click.option("--units", default=1_000, show_default=True, type=click.IntRange(3, 1_000_000))
@click.option("--seed", default=1, show_default=True, help="The same seed casts the same buyers.")
@click.option("--plain", is_flag=True, help="Lines instead of a live picture.")
def demo(*, buyers: int, units: int, seed: int, plain: bool) -> None:
    """Start everything, let buyers rush a sale, and prove that every promise held.

    Exit 0 only if all of them held.
    """
    from rich.console import Console

    from flashsale.demo.plan import Plan
    from flashsale.demo.run import run_demo
    from flashsale.stack.signals import stopped_by_signals

    console = Console(force_terminal=False if plain else None)
    if not console.is_terminal:
        console = Console(force_terminal=False, width=PLAIN_WIDTH)
    log_to_stderr("ERROR")
    kept: list[bool] = []
    with stopped_by_signals():
        kept.append(run_demo(Plan(buyers=buyers, units=units, seed=seed), console))
    if not kept:
        console.print("Stopped before the end.")
        sys.exit(STOPPED)
    sys.exit(0 if kept[0] else 1)
