"""What a run tells where nobody watches a screen: one line a second."""

import asyncio
from collections.abc import Callable
from typing import Final

from flashsale.demo.seen import Seen
from flashsale.demo.watching import Watched

EVERY_S: Final = 1.0


def line(seen: Seen, watched: Watched, elapsed_s: float) -> str:
    """How it stands now, in one line."""
    units, available, held, sold = watched.totals
    kept = "no law checked yet"
    if watched.laws:
        kept = f"laws {sum(law.ok for law in watched.laws)}/{len(watched.laws)}"
    return (
        f"{elapsed_s:5.1f}s {watched.phase}: {units:,} units = {available:,} available"
        f" + {held:,} held + {sold:,} sold | {seen.attempts:,} attempts, {seen.rate():,.0f}/s,"
        f" p99 {seen.quantile_ms(0.99):.0f} ms | {watched.orders['PAID']:,} paid,"
        f" {watched.orders['EXPIRED']:,} expired | {watched.webhooks_waiting:,} webhooks on their"
        f" way | {kept}"
    )


async def print_lines(
    seen: Seen, watched: Watched, clock: Callable[[], float], show: Callable[[str], None]
) -> None:
    """Print one line a second, until cancelled."""
    told = 0
    while True:
        show(line(seen, watched, clock()))
        for at_s, news in watched.news[told:]:
            show(f"       {at_s:.1f}s into the sale: {news}")
        told = len(watched.news)
        await asyncio.sleep(EVERY_S)
