"""Stock, money and laws while the sale goes on: what the screen shows, and the first proofs."""

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from flashsale.demo.staff import OpenSale
from flashsale.demo.wire import Lost, Wire
from lua.store import Store
from settlement.laws.check import check_fast
from settlement.laws.law import Law

STOCK_EVERY_S: Final = 0.2
BOOKS_EVERY_S: Final = 1.0


class Watched:
    """The latest of everything, and what was ever seen broken."""

    def __init__(self, names: list[str]) -> None:
        self.phase = "starting"
        self.names = names
        self.state = "live"
        self.stock: list[tuple[int, int, int, int]] = []
        """units, available, held, sold of each product."""
        self.looks = 0
        self.laws: list[Law] = []
        self.law_checks = 0
        self.broken: dict[str, str] = {}
        self.orders: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.webhooks_waiting = 0
        self.refunds: Counter[str] = Counter()
        self.news: list[tuple[float, str]] = []
        self.began_s = time.monotonic()
        self._told: set[str] = set()

    @property
    def totals(self) -> tuple[int, int, int, int]:
        """The same of all products together."""
        units, available, held, sold = (sum(one[n] for one in self.stock) for n in range(4))
        return units, available, held, sold

    def tell_once(self, what: str, more: str = "") -> None:
        """Keep a piece of news, with its time, unless ``what`` was told before."""
        if what not in self._told:
            self._told.add(what)
            self.news.append((time.monotonic() - self.began_s, what + more))

    def look(self, sale: dict[str, Any]) -> None:
        """Take in what `GET /sales/{id}` says, and judge it."""
        self.looks += 1
        self.state = sale["state"]
        self.stock = [
            (item["units"], item["available"], item["held"], item["sold"]) for item in sale["items"]
        ]
        for name, (units, available, held, sold) in zip(self.names, self.stock, strict=True):
            if units != available + held + sold or min(units, available, held, sold) < 0:
                self.broken["stock"] = f"{name}: {units} = {available} + {held} + {sold}"
            if available == 0 and held:
                self.tell_once(f"{name}: sold out", f", {held:,} units on hold")
        units, available, held, sold = self.totals
        if available == 0 and held + sold == units:
            self.tell_once("everything is on hold or sold")

    def judge(self, laws: list[Law]) -> None:
        """Take in a check of the laws."""
        self.law_checks += 1
        self.laws = laws
        for law in laws:
            if not law.ok:
                self.broken[law.name] = law.detail


async def watch_provider(watched: Watched, provider: Wire) -> None:
    """Ask the provider how many webhooks are on their way; until cancelled."""
    while True:
        with contextlib.suppress(Lost):
            outbox = (await provider.call("GET", "/admin/outbox")).json()
            watched.webhooks_waiting = outbox["waiting"]
        await asyncio.sleep(BOOKS_EVERY_S)


async def watch_stock(watched: Watched, wire: Wire, sale: OpenSale) -> None:
    """Ask the gateway for the numbers of the sale, as its page does; until cancelled."""
    while True:
        try:
            answer = await wire.call("GET", f"/sales/{sale.id}")
        except Lost:
            answer = None
        if answer is not None and answer.status == 200:
            watched.look(answer.json())
        await asyncio.sleep(STOCK_EVERY_S)


async def watch_books(
    watched: Watched, store: Store, engine: AsyncEngine, database_url: str
) -> None:
    """Check the laws and count orders and money, each second, until cancelled."""
    connection = await asyncpg.connect(database_url)
    try:
        while True:
            watched.judge(await check_fast(store, engine))
            await _count(watched, connection)
            await asyncio.sleep(BOOKS_EVERY_S)
    finally:
        await connection.close()


async def _count(watched: Watched, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    orders = await connection.fetch("SELECT status, count(*) FROM orders GROUP BY 1")
    verdicts = await connection.fetch(
        "SELECT concat_ws(':', verdict, verdict_reason), count(*) FROM payments"
        " WHERE verdict IS NOT NULL GROUP BY 1"
    )
    refunds = await connection.fetch("SELECT status, count(*) FROM refunds GROUP BY 1")
    watched.orders = Counter({row[0]: row[1] for row in orders})
    watched.verdicts = Counter({row[0]: row[1] for row in verdicts})
    watched.refunds = Counter({row[0]: row[1] for row in refunds})
    if watched.orders["EXPIRED"]:
        watched.tell_once("the first holds expired: their units are sold again")
    if watched.verdicts["retaken"]:
        watched.tell_once("late money found units again, and paid its order")
    if watched.verdicts["refund:late"]:
        watched.tell_once("late money found nothing left, and goes back")
    if watched.verdicts["refund:duplicate"]:
        watched.tell_once("an order was paid twice: the second payment goes back")
