"""What a person watches: stock flowing, orders, money, laws, and what just happened."""

import asyncio
from collections.abc import Callable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flashsale.demo.plan import CURRENCY
from flashsale.demo.seen import Seen
from flashsale.demo.watching import Watched
from settlement.laws.money import say_money

EVERY_S: Final = 0.125
BAR: Final = 48
NEWS_SHOWN: Final = 5
COLOURS: Final = (("sold", "green"), ("held", "yellow"), ("available", "blue"))
OUTCOMES: Final = {
    "placed": "orders placed",
    "replayed": "retries answered again",
    "sold_out": "sold out",
    "limit_reached": "at the buyer's limit",
    "rate_limited": "too fast",
}


async def show_live(
    console: Console, seen: Seen, watched: Watched, clock: Callable[[], float]
) -> None:
    """Draw until cancelled; the last picture stays."""
    with Live(console=console, auto_refresh=False, transient=False) as live:
        try:
            while True:
                live.update(picture(seen, watched, clock()), refresh=True)
                await asyncio.sleep(EVERY_S)
        finally:
            live.update(picture(seen, watched, clock()), refresh=True)


def picture(seen: Seen, watched: Watched, elapsed_s: float) -> RenderableType:
    """The whole screen."""
    middle = Table.grid(expand=True, padding=(0, 2))
    for _ in range(3):
        middle.add_column(ratio=1)
    middle.add_row(_orders(seen), _money(seen, watched), _laws(watched))
    title = f"[bold]flash sale[/]  {watched.phase}  [dim]{elapsed_s:.0f} s[/]"
    return Panel(
        Group(_stock(watched), Text(), middle, Text(), _news(watched)),
        title=title,
        title_align="left",
        border_style="cyan",
    )


def bar(units: int, parts: dict[str, int], width: int = BAR) -> Text:
    """A bar whose parts have the lengths of their shares; a part that is not empty is seen."""
    text, used = Text(), 0
    for name, colour in COLOURS:
        share = parts[name] * width / units if units else 0
        cells = max(round(share), 1) if parts[name] else 0
        cells = min(cells, width - used)
        text.append("█" * cells, style=colour)
        used += cells
    return text.append("·" * (width - used), style="dim")


def _stock(watched: Watched) -> Table:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "right", "right"):
        table.add_column(justify=justify)
    for name, (units, available, held, sold) in zip(watched.names, watched.stock, strict=False):
        parts = {"available": available, "held": held, "sold": sold}
        table.add_row(
            name,
            bar(units, parts),
            *(f"[{colour}]{parts[part]:,} {part}[/]" for part, colour in COLOURS),
        )
    return table


def _orders(seen: Seen) -> Table:
    table = _list("[bold]orders[/]", f"{seen.attempts:,}")
    for code, told in OUTCOMES.items():
        table.add_row(told, f"{seen.outcomes[code]:,}")
    others = seen.attempts - sum(seen.outcomes[code] for code in OUTCOMES)
    if others:
        table.add_row("other", f"{others:,}")
    table.add_row("answers a second", f"{seen.rate():,.0f}")
    table.add_row("p50, p99", f"{seen.quantile_ms(0.5):.0f}, {seen.quantile_ms(0.99):.0f} ms")
    table.add_row("waiting for units", f"{seen.waiting:,}")
    return table


def _money(seen: Seen, watched: Watched) -> Table:
    table = _list("[bold]money[/]", say_money(seen.paid_minor, CURRENCY))
    table.add_row("webhooks on their way", f"{watched.webhooks_waiting:,}")
    table.add_row("orders paid", f"[green]{watched.orders['PAID']:,}[/]")
    table.add_row("holds expired", f"{watched.orders['EXPIRED']:,}")
    table.add_row("cancelled", f"{watched.orders['CANCELLED']:,}")
    late = watched.verdicts["retaken"], watched.verdicts["refund:late"]
    table.add_row("late, took units again", f"{late[0]:,}")
    table.add_row("late, goes back", f"{late[1]:,}")
    table.add_row("paid twice, goes back", f"{watched.verdicts['refund:duplicate']:,}")
    done = watched.refunds["succeeded"]
    table.add_row("refunds done", f"{done:,} of {sum(watched.refunds.values()):,}")
    return table


def _laws(watched: Watched) -> Table:
    table = _list("[bold]laws[/]", f"checked {watched.law_checks:,} times")
    for law in watched.laws:
        mark = "[green]holds[/]" if law.ok else "[bold red]BROKEN[/]"
        table.add_row(law.name.replace("_", " "), mark)
    return table


def _news(watched: Watched) -> Text:
    text = Text()
    for at_s, news in watched.news[-NEWS_SHOWN:]:
        text.append(f"{at_s:5.1f}s  ", style="dim").append(f"{news}\n")
    return text


def _list(title: str, value: str) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    table.add_row(title, value)
    return table
