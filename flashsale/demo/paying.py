"""A buyer with an order: pays at once, late, twice, or not at all.

The faults sent along make the provider behave as real ones do at their worst.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from flashsale.demo.buying import Buyer, Market
from flashsale.demo.cast import Ending
from flashsale.demo.seen import Placed
from flashsale.demo.wire import Answer, Lost

TRIES_MAX: Final = 8
"""Of one call that is answered 503 or not at all."""

ASK_AGAIN: Final = frozenset({429, 503})
MAY_BE: Final = frozenset({404, 409, 502, 504})
"""The hold is over, or the provider is away: no buyer likes it, and no promise is broken."""

TWICE: Final = {"repeat": 1}


async def end(market: Market, buyer: Buyer, order: Placed) -> None:
    """Do with the order what the role says."""
    seen, ending = market.seen, buyer.role.ending
    seen.endings[ending] += 1
    await asyncio.sleep(buyer.role.thinks_s)
    match ending:
        case "lets_it_expire":
            return
        case "cancels":
            await _engine(market, buyer, "POST", f"/orders/{order.id}/cancel")
        case "pays_twice":
            await _pay_twice(market, buyer, order)
        case "pays_after_decline":
            if await _open(market, buyer, order, {}, outcome="failed") is not None:
                await asyncio.sleep(0.3)
                await _open(market, buyer, order, TWICE)
        case "declined_then_late":
            page = await _open(market, buyer, order, {}, outcome="failed")
            if page is not None:
                await asyncio.sleep(_over_s(market))
                await _complete(market, order, page, TWICE)
        case _:
            await _open(market, buyer, order, _faults(market, ending, order))


def _faults(market: Market, ending: Ending, order: Placed) -> Mapping[str, Any]:
    """What goes wrong at the provider with a payment that is made in time."""
    plan = market.plan
    match ending:
        case "pays_reordered":
            return {"reorder": True, "repeat": 2}
        case "webhook_late":
            return {"delay_ms": (plan.hold_ttl_s + plan.extension_s + 1) * 1000, "repeat": 1}
        case "webhook_lost":
            return {"drop": True}
        case "bank_slow":
            return {"processing_ms": int(_over_s(market) * 1000), "repeat": 1}
        case _:
            return TWICE if int(order.id[-1], 16) % 2 else {}


def _over_s(market: Market) -> float:
    """After which any hold is over, whatever it waited for."""
    plan = market.plan
    return plan.hold_ttl_s + plan.extension_s + plan.grace_s + 1.5


async def _pay_twice(market: Market, buyer: Buyer, order: Placed) -> None:
    """A first card is declined and its page stays open; a second pays; then the first as well."""
    first = await _open(market, buyer, order, {}, outcome="failed")
    second = first
    while first is not None and second == first:
        # The same payment is given as long as the engine has not heard that it failed.
        await asyncio.sleep(0.3)
        second = await _open(market, buyer, order, TWICE, unless=first)
    if first is not None and second is not None:
        await asyncio.sleep(0.5)
        await _complete(market, order, first, TWICE)


async def _open(
    market: Market,
    buyer: Buyer,
    order: Placed,
    faults: Mapping[str, Any],
    outcome: str = "succeeded",
    unless: str | None = None,
) -> str | None:
    """Open a payment and complete its page, ``unless`` it is that page; None: it was refused."""
    answer = await _engine(
        market, buyer, "POST", f"/orders/{order.id}/payments", {"provider": "simulator"}
    )
    if answer is None or answer.status != 201:
        return None
    market.seen.payments += 1
    page = urlsplit(str(answer.json()["redirect_url"])).path
    if page != unless:
        await _complete(market, order, page, faults, outcome)
    return page


async def _complete(
    market: Market,
    order: Placed,
    page: str,
    faults: Mapping[str, Any],
    outcome: str = "succeeded",
) -> None:
    """Leave the pay page of the provider."""
    body = {"outcome": outcome, "faults": faults}
    for _ in range(TRIES_MAX):
        try:
            answer = await market.provider.call("POST", f"{page}/complete", body=body)
        except Lost:
            await asyncio.sleep(0.2)
            continue
        if answer.status == 200 and outcome == "succeeded":
            market.seen.paid_minor += order.total_minor
        elif answer.status != 200:
            market.seen.pay_refused[f"provider {answer.status}"] += 1
        return


async def _engine(
    market: Market, buyer: Buyer, method: str, path: str, body: Any = None
) -> Answer | None:
    """Call the engine as the buyer; again when it asks for that. None: no answer came."""
    for _ in range(TRIES_MAX):
        try:
            answer = await market.till.call(method, path, token=buyer.token, body=body)
        except Lost:
            await asyncio.sleep(0.2)
            continue
        if answer.status in ASK_AGAIN:
            await asyncio.sleep(min(answer.retry_after_s, 2.0))
            continue
        if answer.status >= 400:
            market.seen.pay_refused[answer.code or str(answer.status)] += 1
            if answer.status not in MAY_BE:
                market.seen.broken.append(f"{method} {path} answered {answer.status}")
        return answer
    return None
