"""A buyer until there is an order, or none: arrives, asks, waits for units to come back."""

import asyncio
import time
from typing import Any, Final

from msgspec import Struct

from flashsale.demo.cast import Role
from flashsale.demo.plan import Plan
from flashsale.demo.seen import Placed, Seen
from flashsale.demo.staff import OpenSale
from flashsale.demo.wire import Answer, Lost, Wire

BOT_ATTEMPTS: Final = 14
"""More than one buyer may send in a minute: a bot meets the rate limit."""

HANGS_UP_AFTER_S: Final = 0.005
UNKNOWN_PAUSE_S: Final = 0.2
ASK_AGAIN: Final = frozenset({"recovering", "overloaded", "outcome_unknown", "unavailable"})
"""Nothing is wrong with the order: ask again with the same key."""


class Market(Struct, frozen=True):
    """Where buyers go to order (``wire``) and to pay (``till``, ``provider``), and what they are
    told there. ``ends_s`` is when the last gives up."""

    wire: Wire
    till: Wire
    provider: Wire
    sale: OpenSale
    plan: Plan
    seen: Seen
    ends_s: float


class Buyer(Struct, frozen=True):
    """One of them."""

    role: Role
    token: str
    key: str

    def body(self, sale: OpenSale) -> dict[str, Any]:
        """What to order."""
        lines = [
            {"product_id": sale.products[place], "quantity": quantity}
            for place, quantity in self.role.lines
        ]
        return lines[0] if len(lines) == 1 else {"lines": lines}


async def buy(market: Market, buyer: Buyer) -> Placed | None:
    """Try until there is an order, it cannot be, or patience ends."""
    if buyer.role.habit == "bot":
        return await _hammer(market, buyer)
    if buyer.role.habit == "hangs_up":
        await _hang_up(market, buyer)
    first = True
    while True:
        order, answer = await _ask(market, buyer, buyer.key, twice=first)
        first = False
        if order is not None:
            return order
        pause_s = _pause_s(buyer, answer)
        if pause_s is None or time.monotonic() + pause_s > market.ends_s:
            return None
        market.seen.waiting += 1
        await asyncio.sleep(pause_s)
        market.seen.waiting -= 1


def _pause_s(buyer: Buyer, answer: Answer | None) -> float | None:
    """How long to wait before asking again; None: there is no use in it."""
    if answer is None:
        return UNKNOWN_PAUSE_S
    code = answer.code
    if code == "sold_out":
        return buyer.role.retries_s
    if code in ASK_AGAIN:
        return answer.retry_after_s
    return None


async def _ask(
    market: Market, buyer: Buyer, key: str, *, twice: bool
) -> tuple[Placed | None, Answer | None]:
    """Ask once; a double-clicker's first time twice at once. The answer is None when lost."""
    asked = 2 if twice and buyer.role.habit == "double_click" else 1
    calls = [_post(market, buyer, key) for _ in range(asked)]
    answers = [answer for answer in await asyncio.gather(*calls) if answer is not None]
    placed = [_read(market, key, answer) for answer in answers if answer.status == 201]
    if placed:
        return placed[0], answers[0]
    return None, answers[0] if answers else None


async def _post(market: Market, buyer: Buyer, key: str) -> Answer | None:
    try:
        answer = await market.wire.call(
            "POST", "/orders", token=buyer.token, key=key, body=buyer.body(market.sale)
        )
    except Lost:
        market.seen.lost += 1
        return None
    replayed = answer.headers.get(b"idempotent-replayed") == b"true"
    outcome = "replayed" if replayed else answer.code or str(answer.status)
    market.seen.answered("placed" if outcome == "201" else outcome, answer.took_s)
    if answer.status not in {201, 409, 429, 503}:
        market.seen.broken.append(f"POST /orders answered {answer.status} {answer.code}")
    return answer


def _read(market: Market, key: str, answer: Answer) -> Placed:
    found = answer.json()
    units = sum(line["quantity"] for line in found["lines"])
    order = Placed(found["id"], units, found["total_minor"])
    replayed = b"idempotent-replayed" in answer.headers
    market.seen.place(key, order, again=replayed)
    return market.seen.placed[key]


async def _hang_up(market: Market, buyer: Buyer) -> None:
    market.seen.hung_up += 1
    try:
        await market.wire.hang_up_after(
            HANGS_UP_AFTER_S, "POST", "/orders", token=buyer.token, key=buyer.key,
            body=buyer.body(market.sale),
        )  # fmt: skip
    except Lost:
        market.seen.lost += 1


async def _hammer(market: Market, buyer: Buyer) -> Placed | None:
    """A program that wants as much as it can get: the limits stop it."""
    first = None
    for attempt in range(BOT_ATTEMPTS):
        order, _ = await _ask(market, buyer, f"{buyer.key}-{attempt}", twice=False)
        first = first or order
    return first
