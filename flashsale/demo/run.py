"""Puts the demo together: a stack of its own, the play, the proof."""

import asyncio
import functools
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from flashsale.demo import lines, live, performance
from flashsale.demo.books import compare_books
from flashsale.demo.buying import Buyer, Market
from flashsale.demo.cast import cast
from flashsale.demo.people import make_buyers, mint_tokens
from flashsale.demo.plan import SHARES, Plan
from flashsale.demo.promises import Promise, draw_up
from flashsale.demo.report import print_report
from flashsale.demo.seen import Seen
from flashsale.demo.staff import open_sale, sign_in
from flashsale.demo.watching import Watched, watch_books, watch_provider, watch_stock
from flashsale.demo.wire import Wire
from flashsale.demo.witnesses import Play, read_rows
from flashsale.environment import read_environment
from flashsale.stack.stack import Options, Stack, start_stack
from gateway.settings import GatewaySettings
from lua.connect import connect
from lua.store import Store
from migrations.engine import open_engine
from settlement.laws.check import check_all, wait_until_settled

SUPERVISE_EVERY_S: Final = 0.2
SETTLE_LIMIT_S: Final = 30.0
PROVIDER_CONNECTIONS: Final = 32


class Stage(Struct, frozen=True):
    """Where the play takes place: the stack, and direct ways to both of its stores."""

    stack: Stack
    wire: Wire
    till: Wire
    provider: Wire
    store: Store
    engine: AsyncEngine
    settings: GatewaySettings

    @property
    def database_url(self) -> str:
        """For what is counted beside the engine's own pool."""
        return self.stack.environment["DATABASE_URL"]


class Ending(Struct, frozen=True):
    """What is left when the sale is over."""

    play: Play
    promises: list[Promise]


def run_demo(plan: Plan, console: Console) -> bool:
    """Stage one sale from beginning to end; whether every promise held. Main thread only.

    Raises what `start_stack` raises; `staff.Refused` and `wire.Lost` when the play cannot go on.
    """
    began_s = time.monotonic()

    def clock() -> float:
        return time.monotonic() - began_s

    console.print("Starting Valkey, Postgres, a worker, a gateway and a payment provider ...")
    with start_stack(Options(port=0, settings=plan.engine_settings), console.print) as stack:
        console.print(f"Ready after {clock():.1f} s.", highlight=False)
        ending = asyncio.run(_stage(plan, console, stack, clock))
    print_report(console, plan, ending.play, ending.promises)
    console.print(f"{clock():.0f} s in all", style="dim", highlight=False)
    return all(promise.ok for promise in ending.promises)


async def _stage(plan: Plan, console: Console, stack: Stack, clock: Callable[[], float]) -> Ending:
    environment = read_environment(stack.environment)
    async with AsyncExitStack() as closing:
        wire, till = _wire(stack.url, plan.connections), _wire(stack.url, plan.tills)
        provider = _wire(stack.simulator_url, PROVIDER_CONNECTIONS)
        store, engine = Store(connect(environment.valkey), 0), open_engine(environment.database)
        closing.push_async_callback(engine.dispose)
        closing.push_async_callback(store.client.aclose)
        for one in (wire, till, provider):
            closing.callback(one.close)
        stage = Stage(stack, wire, till, provider, store, engine, environment.gateway)
        return await _play(plan, console, stage, clock)


async def _play(plan: Plan, console: Console, stage: Stage, clock: Callable[[], float]) -> Ending:
    staff = await sign_in(stage.wire, stage.stack.admin_email, stage.stack.admin_password)
    buyers = await _dress(plan, stage)
    sale = await open_sale(staff, plan)
    seen, watched = Seen(), Watched([*SHARES])
    ends_s = seen.began_s + plan.patience_s
    market = Market(stage.wire, stage.till, stage.provider, sale, plan, seen, ends_s)
    async with performance.background(
        _supervise(stage.stack),
        watch_stock(watched, stage.wire, sale),
        watch_provider(watched, stage.provider),
        watch_books(watched, stage.store, stage.engine, stage.database_url),
        _screen(console, seen, watched, clock),
    ):
        await performance.rush(market, buyers, watched)
        await performance.finish(staff, market, watched, stage.database_url)
        watched.phase = "checking every promise"
        settled = await wait_until_settled(stage.store, stage.engine, SETTLE_LIMIT_S)
        laws = [settled, *await check_all(stage.store, stage.engine)]
        books = await compare_books(stage.provider, stage.database_url)
        rows = await read_rows(stage.database_url, sale.products)
        watched.phase = "done"
    play = Play(plan.units, seen, watched, books, rows)
    return Ending(play, draw_up(laws, play))


async def _dress(plan: Plan, stage: Stage) -> list[Buyer]:
    """Give every role a user and a token."""
    users = await make_buyers(stage.database_url, plan.buyers)
    tokens = mint_tokens(stage.settings, users)
    return [
        Buyer(role, token, f"demo-{plan.seed}-{role.number}")
        for role, token in zip(cast(plan), tokens, strict=True)
    ]


def _screen(
    console: Console, seen: Seen, watched: Watched, clock: Callable[[], float]
) -> Coroutine[Any, Any, None]:
    if console.is_terminal:
        return live.show_live(console, seen, watched, clock)
    show = functools.partial(console.print, highlight=False, soft_wrap=True)
    return lines.print_lines(seen, watched, clock, show)


async def _supervise(stack: Stack) -> None:
    """Processes that die are started again in the middle of the play, too."""
    while True:
        stack.watch_once()
        await asyncio.sleep(SUPERVISE_EVERY_S)


def _wire(url: str, connections: int) -> Wire:
    address = urlsplit(url)
    return Wire(address.hostname or "127.0.0.1", address.port or 80, connections)
