"""The buyers, in a thread of their own, so that they go on whatever happens to the main thread."""

import asyncio
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from flashsale.demo.wire import Answer, Lost, Wire
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import Receipt
from loadtests.stage.sales import OnSale

ASK_AGAIN: Final = frozenset({"recovering", "overloaded", "outcome_unknown", "unavailable"})
"""Codes after which the same key is asked again."""

AGAIN_S: Final = 0.1
PATIENCE_S: Final = 40.0
"""Longer than any fault lasts: a buyer who gives up earlier does so on purpose."""

JOIN_S: Final = 60.0


class Habits(Struct, frozen=True):
    """What share of buyers does what; `pause_s` is the mean time between two purchases of one."""

    buyers: int = 12
    pause_s: float = 0.05
    quantity_max: int = 3
    gives_up: float = 0.0
    asks_twice: float = 0.1
    looks: float = 0.05
    cancels: float = 0.0
    pays: float = 0.0


class Crowd:
    """Buyers of one sale. Written by its thread, read by anybody."""

    def __init__(self, ground: Ground, sale: OnSale, habits: Habits, seed: int) -> None:
        self.receipts: list[Receipt] = []
        self.contradictions: list[str] = []
        """Answers that no engine that keeps its promises gives."""
        self.answers: list[tuple[float, str]] = []
        """When, and a code, "201", or "lost"."""
        self._sale = sale
        self._habits = habits
        self._random = random.Random(seed)
        self._tokens = [(user, ground.token(user)) for user in ground.users]
        self._wires = Wire(*ground.address, habits.buyers), Wire(*ground.simulator, habits.buyers)
        self._stopping = threading.Event()

    def since(self, began_s: float) -> Counter[str]:
        """What was answered after that moment of `time.monotonic`."""
        return Counter(told for at_s, told in self.answers if at_s >= began_s)

    def stop(self) -> None:
        """Buyers end what they have begun, and come no more."""
        self._stopping.set()

    async def run(self) -> None:
        """Buy until `stop`."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._habits.buyers):
                    group.create_task(self._buyer())
        finally:
            for wire in self._wires:
                wire.close()
            await asyncio.sleep(0)

    async def _buyer(self) -> None:
        while not self._stopping.is_set():
            user, token = self._random.choice(self._tokens)
            quantity = self._random.randint(1, self._habits.quantity_max)
            receipt = Receipt(self._sale.sale_id, user, str(uuid.uuid4()), quantity)
            self.receipts.append(receipt)
            await self._buy(receipt, token)
            if receipt.order:
                await self._go_on(receipt, token)
            await asyncio.sleep(self._random.expovariate(1 / self._habits.pause_s))

    async def _buy(self, receipt: Receipt, token: str) -> None:
        gives_up = self._random.random() < self._habits.gives_up
        limit_s = time.monotonic() + PATIENCE_S
        while not await self._ask(receipt, token):
            if gives_up or time.monotonic() > limit_s:
                return
            await asyncio.sleep(AGAIN_S)
        if self._random.random() < self._habits.asks_twice:
            await self._ask(receipt, token)

    async def _ask(self, receipt: Receipt, token: str) -> bool:
        """Ask once; tells whether the answer is final."""
        body = {"product_id": self._sale.product_id, "quantity": receipt.quantity}
        answer = await self._call("POST", "/orders", token, body, key=receipt.key)
        told = "lost" if answer is None else answer.code or str(answer.status)
        self.answers.append((time.monotonic(), told))
        if answer is None or told in ASK_AGAIN:
            return False
        if answer.status == 201:
            self._acknowledge(receipt, answer.json())
        elif answer.status == 409:
            receipt.refusal = told
            if receipt.order:
                self.contradictions.append(f"order {receipt.order}, then {told}")
        else:
            self.contradictions.append(f"POST /orders: {answer.status} {answer.body[:200]!r}")
        return True

    def _acknowledge(self, receipt: Receipt, order: Any) -> None:
        if receipt.order and receipt.order != order["id"]:
            self.contradictions.append(f"one key: {receipt.order}, then {order['id']}")
        if receipt.refusal:
            self.contradictions.append(f"{receipt.refusal}, then order {order['id']}")
        receipt.order, receipt.total_minor = order["id"], order["total_minor"]

    async def _go_on(self, receipt: Receipt, token: str) -> None:
        """Look at the order, cancel it or pay for it, or none of these."""
        path, chance = f"/orders/{receipt.order}", self._random.random()
        if self._random.random() < self._habits.looks:
            await self._expect(await self._call("GET", path, token), {200, 503})
        if chance < self._habits.cancels:
            await self._expect(await self._call("POST", f"{path}/cancel", token), {200, 409, 503})
        elif chance < self._habits.cancels + self._habits.pays:
            await self._pay(path, token)

    async def _pay(self, path: str, token: str) -> None:
        body = {"provider": "simulator"}
        answer = await self._call("POST", f"{path}/payments", token, body)
        await self._expect(answer, {201, 409, 502, 503})
        if answer is None or answer.status != 201:
            return
        page = urlsplit(answer.json()["redirect_url"]).path
        outcome = self._random.choice(["succeeded"] * 4 + ["failed"])
        await self._call("POST", f"{page}/complete", "", {"outcome": outcome}, at_provider=True)

    async def _expect(self, answer: Answer | None, statuses: set[int]) -> None:
        if answer is not None and answer.status not in statuses:
            self.contradictions.append(f"{answer.status} {answer.body[:200]!r}")

    async def _call(
        self, method: str, path: str, token: str, body: Any = None, *,
        key: str = "", at_provider: bool = False,
    ) -> Answer | None:  # fmt: skip
        """None when the answer was lost."""
        try:
            return await self._wires[at_provider].call(
                method, path, token=token, key=key, body=body
            )
        except Lost:
            return None


@contextmanager
def buying(
    ground: Ground, sale: OnSale, habits: Habits | None = None, seed: int = 1
) -> Iterator[Crowd]:
    """A crowd that buys while inside; at the end each has come to the end of what it began.

    Raises TooLate when they do not, and what broke their thread.
    """
    crowd, trouble = Crowd(ground, sale, habits or Habits(), seed), list[BaseException]()

    def work() -> None:
        try:
            asyncio.run(crowd.run())
        except BaseException as broken:  # told in the main thread
            trouble.append(broken)

    thread = threading.Thread(target=work, name="crowd", daemon=True)
    thread.start()
    try:
        yield crowd
    finally:
        crowd.stop()
        ground.wait(lambda: not thread.is_alive(), JOIN_S, "the end of the crowd")
    if trouble:
        raise trouble[0]
