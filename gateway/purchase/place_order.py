"""`POST /orders`: the handler, raw ASGI, nothing between it and the store.

One handler for the whole rush, so every step is here in the order in which it is cheap to refuse.
"""

import time
from typing import Any, Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.revocations import Revocations
from gateway.accounts.tokens import Claims
from gateway.exceptions import refusal
from gateway.problems import Answer, Refused, ready
from gateway.purchase import answers
from gateway.purchase.counters import Counters
from gateway.purchase.lean_token import LeanToken
from gateway.purchase.open_sales import OpenSales
from gateway.purchase.order_body import Wanted, choose_key, read_body
from gateway.purchase.pipe import AnswerLost, NotSent
from gateway.purchase.reserving import Reserving
from gateway.purchase.sold_out import SoldOutMemory
from lua import keys
from lua.order_ids import new_order_id
from lua.reserve import Held, Replayed, SoldOut
from lua.store import Store

BEARER: Final = b"bearer "

log = structlog.get_logger(__name__)


class PlaceOrder:
    """Answers `POST /orders`. Its parts belong to one process."""

    def __init__(
        self,
        token: LeanToken,
        revocations: Revocations,
        sales: OpenSales,
        sold_out: SoldOutMemory,
        reserving: Reserving,
        store: Store,
        database: AsyncEngine,
        counters: Counters,
    ) -> None:
        self._token = token
        self._revocations = revocations
        self._sales = sales
        self._sold_out = sold_out
        self._reserving = reserving
        self._store = store
        self._database = database
        self._counters = counters

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; every refusal is a problem, never an exception."""
        began_s = time.perf_counter()
        try:
            answer = await self._answer(scope, receive)
        except Exception as raised:
            refused = refusal(raised)
            if refused.code == "internal":
                log.exception("unexpected", request_id=scope["request_id"])
            answer = ready(refused)
        await answer.send(send, scope["added_headers"])
        self._counters.observe(answer.status, time.perf_counter() - began_s)

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        headers = scope["headers_by_name"]
        claims = self._authenticate(headers.get(b"authorization"))
        if claims is None or (not self._revocations.trusted and await self._is_revoked(claims)):
            return answers.UNAUTHENTICATED
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body", False):
            message = await receive()
            body += message.get("body", b"")
        wanted = read_body(body)
        key = choose_key(headers.get(b"idempotency-key"), wanted.key)
        sale_id = self._sales.sale_of(wanted.lines[0][0])
        if sale_id is None or len(wanted.lines) > 1 or wanted.sale_id is not None:
            sale_id = await self._one_sale(wanted)
        user_id = int(claims.sub)
        lane = keys.lane_of_user(user_id, keys.LANES_PER_SALE)
        base = keys.lane_base(sale_id, lane)
        for product, _ in wanted.lines:
            if self._sold_out.refuses(base, product, user_id):
                return answers.SOLD_OUT
        return await self._place(sale_id, lane, user_id, key, wanted.lines)

    def _authenticate(self, authorization: bytes | None) -> Claims | None:
        if authorization is None or authorization[:7].lower() != BEARER:
            return None
        claims = self._token.check(authorization[7:])
        if claims is None or self._revocations.refuses(claims.sid, int(claims.sub), claims.ver):
            return None
        return claims

    async def _is_revoked(self, claims: Claims) -> bool:
        """Ask the store, because this process may have missed a message."""
        return await self._revocations.refuses_now(
            self._store.client, claims.sid, int(claims.sub), claims.ver
        )

    async def _place(
        self,
        sale_id: int,
        lane: int,
        user_id: int,
        sent_key: str | None,
        lines: tuple[tuple[int, int], ...],
    ) -> Answer:
        base, order = keys.lane_base(sale_id, lane), new_order_id(sale_id, lane)
        key = order if sent_key is None else sent_key
        try:
            outcome = await self._reserving.reserve(base, order, user_id, key, lines)
        except NotSent:
            return answers.RECOVERING
        except AnswerLost:
            return ready(Refused("outcome_unknown", idempotency_key=key))
        if isinstance(outcome, Held):
            return answers.placed(sale_id, order, outcome)
        if isinstance(outcome, Replayed):
            return answers.placed(sale_id, outcome.order, outcome)
        if isinstance(outcome, SoldOut):
            await self._sold_out.learn(base, outcome)
        return answers.refused(outcome)

    async def _one_sale(self, wanted: Wanted) -> int:
        """The one open sale that sells all lines. Raises Refused."""
        found = {await self._sale_of(product) for product, _ in wanted.lines}
        if len(found) > 1:
            raise Refused("not_on_sale", "The products are in different sales.")
        (sale_id,) = found
        if wanted.sale_id not in {None, sale_id}:
            raise Refused("not_on_sale", f"The product is in sale {sale_id}.")
        return sale_id

    async def _sale_of(self, product: int) -> int:
        sale_id = self._sales.sale_of(product) or await self._sales.ask(product)
        if sale_id is not None:
            return sale_id
        async with self._database.connect() as connection:
            exists = await connection.scalar(
                text("SELECT true FROM products WHERE id = :id AND deleted_at IS NULL"),
                {"id": product},
            )
        if exists:
            raise Refused("not_on_sale", product_id=product)
        raise Refused("not_found", "There is no such product.", product_id=product)
