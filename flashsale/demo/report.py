"""The last page: every promise with its three witnesses, and what happened."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flashsale.demo.plan import CURRENCY, Plan
from flashsale.demo.promises import Promise
from flashsale.demo.witnesses import Play
from settlement.laws.law import counted
from settlement.laws.money import say_money


def print_report(
    console: Console,
    plan: Plan,
    play: Play,
    promises: Sequence[Promise],
) -> None:
    """Print it all; plain text where nobody watches."""
    console.print()
    console.print(Text("What happened", style="bold"))
    for line in what_happened(plan, play):
        console.print(f"  {line}", highlight=False)
    console.print()
    console.print(_table(promises))
    for promise in promises:
        for wrong in promise.wrong:
            console.print(Text(f"BROKEN  {promise.name}: {wrong}", style="bold red"))
    kept = sum(promise.ok for promise in promises)
    style = "bold green" if kept == len(promises) else "bold red"
    console.print(Text(f"\n{kept} of {len(promises)} promises held", style=style))


def what_happened(plan: Plan, play: Play) -> list[str]:
    """The story in numbers."""
    seen, watched, books = play.seen, play.watched, play.books
    verdicts, orders = watched.verdicts, play.rows.orders
    outcomes = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in seen.outcomes.most_common()
    )
    p50_ms, p99_ms = seen.quantile_ms(0.5), seen.quantile_ms(0.99)
    ends = ", ".join(f"{count:,} {status.lower()}" for status, count in orders.items())
    taken, kept, given = (
        say_money(amount, CURRENCY)
        for amount in (books.captured_minor, books.kept_minor, books.refunded_minor)
    )
    retries = counted(seen.retries, "retry", "retries")
    payments = counted(books.captured, "payment")
    late = f"{verdicts['retaken']:,} took units again, {verdicts['refund:late']:,} went back"
    twice = f"{verdicts['refund:duplicate']:,} went back because the order was paid already"
    return [
        f"{plan.buyers:,} buyers wanted {plan.units:,} units (seed {plan.seed})",
        f"{seen.attempts:,} attempts: {outcomes}",
        f"answered in {p50_ms:.1f} ms (p50), {p99_ms:.1f} ms (p99)",
        f"{sum(orders.values()):,} orders: {ends}",
        f"{seen.hung_up:,} buyers hung up before the answer; {retries} got the same order again",
        f"{taken} taken in {payments}: {kept} for paid orders, {given} given back",
        f"late money: {late}; {twice}",
    ]


def _table(promises: Sequence[Promise]) -> Table:
    table = Table(title="The ledger", title_justify="left", title_style="bold", expand=True)
    table.add_column("promise", no_wrap=False, ratio=3)
    for title in ("in Valkey", "in Postgres", "buyers and provider"):
        table.add_column(title, ratio=5, overflow="fold")
    table.add_column("", no_wrap=True, width=6)
    for promise in promises:
        mark = Text("held", style="green") if promise.ok else Text("BROKEN", style="bold red")
        table.add_row(promise.name, promise.in_valkey, promise.in_postgres, promise.outside, mark)
    return table
