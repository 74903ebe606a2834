"""What may happen to a lane: one rule a script, and what comes between them."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from lua.adjust import adjust
from lua.begin_payment import begin_payment
from lua.close import close_lane
from lua.confirm import confirm
from lua.decline import decline
from lua.expire import expire
from lua.gate import Gate, set_gate
from lua.open import Item
from lua.outcomes import Closed
from lua.pause import pause
from lua.refuse import refuse
from lua.release import NO_PAYMENT, release
from lua.reserve import reserve
from lua.restock import restock
from lua.retake import LateOrder, retake
from lua.sweep import Swept, sweep
from lua.trim import KEEP_ALL, trim
from tests.lua import model_buyers, model_money, model_staff
from tests.lua.clock import NOON_MS, ClockedStore
from tests.lua.lanes import (
    BASE,
    LONG_MS,
    new_id,
    new_order,
    opened,
    server_ms,
    wait_until,
)
from tests.lua.machine import Attempt, CheckedMachine, Server
from tests.lua.model import Lines, Model

ITEMS: Final = [Item(7, 4, 1_999, 3), Item(8, 3, 500, 0)]
BASKETS: Final[list[Lines]] = [
    [(7, 1)],
    [(8, 1)],
    [(7, 1), (8, 1)],
    [(7, 2)],
    [(8, 2), (7, 1)],
    [(7, 4)],
    [(9, 1)],
]
SHORT_MS: Final = 30
RATE: Final = (1, 200)

orders = st.integers(0, 7)
"""Which order: so many before the latest in a fitting state; from ANY_FROM on in any state."""
payments = st.sampled_from(["own", "own", "own", "own", "second", "other's"])
LIVE: Final = {"HELD", "PAYING", "EXPIRING"}
OVER: Final = {"EXPIRED", "FAILED"}


class SaleMachine(CheckedMachine):
    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.moves = [new_id(), new_id()]
        self.first_seq = 1
        self.restarts_left = 0

    @initialize(ttl_ms=st.sampled_from([LONG_MS, SHORT_MS]), restarts=st.sampled_from([0, 0, 0, 1]))
    def open(self, ttl_ms: int, restarts: int) -> None:
        self.restarts_left = restarts
        items = {item.product: item for item in ITEMS}
        self.model = Model(items, ttl_ms, 1_000_000, self.store.generation)
        self.server.runner.run(self._open(ttl_ms))
        self.reserve(1, "", BASKETS[0], rated=False)

    async def _open(self, ttl_ms: int) -> None:
        await self.store.client.flushall()
        await self.store.load()
        await wait_until(self.store, NOON_MS)
        await opened(self.store, items=ITEMS, ttl_ms=ttl_ms)

    @rule(
        user=st.integers(1, 3),
        key=st.sampled_from(["", "", "a", "b"]),
        lines=st.sampled_from(BASKETS),
        rated=st.booleans(),
    )
    def reserve(self, user: int, key: str, lines: Lines, *, rated: bool) -> None:
        self.attempts.append(
            Attempt(new_order(self.store), user, key, lines, RATE if rated else (0, 0))
        )
        self.reserve_again(0)

    @rule(pick=orders)
    def reserve_again(self, pick: int) -> None:
        it = self.attempt(pick, set())
        words = (it.order, it.user, it.key, it.lines, *it.rate)
        self.step(
            lambda: reserve(self.store, BASE, *words),
            lambda lane, now: model_buyers.reserve(lane, now, *words),
        )

    @rule(pick=orders, payment=payments, extension_ms=st.sampled_from([0, SHORT_MS, LONG_MS]))
    def begin_payment(self, pick: int, payment: str, extension_ms: int) -> None:
        words = (*self.paid_for(pick, {"HELD"}, payment), extension_ms)
        self.step(
            lambda: begin_payment(self.store, BASE, *words),
            lambda lane, now: model_buyers.begin_payment(lane, now, *words),
        )

    @rule(pick=orders, payment=payments)
    def decline(self, pick: int, payment: str) -> None:
        words = self.paid_for(pick, {"PAYING", "EXPIRING"}, payment)
        self.step(
            lambda: decline(self.store, BASE, *words, "card_declined"),
            lambda lane, now: model_buyers.decline(lane, now, *words),
        )

    @rule(pick=orders, payment=payments)
    def confirm(self, pick: int, payment: str) -> None:
        words = self.paid_for(pick, LIVE, payment)
        self.step(
            lambda: confirm(self.store, BASE, *words),
            lambda lane, now: model_money.confirm(lane, now, *words),
        )

    @rule(pick=orders, payment=payments)
    def retake(self, pick: int, payment: str) -> None:
        order, paid = self.paid_for(pick, OVER, payment)
        found = self.model.orders.get(order)
        if found is None:
            return
        record = self.model.record(found)
        late = LateOrder(order, found.user, record.created_ms, record.total_minor, record.lines)
        self.step(
            lambda: retake(self.store, BASE, late, paid),
            lambda lane, now: model_money.retake(lane, now, order, paid),
        )

    @rule(pick=orders, state=st.sampled_from(["EXPIRED", "FAILED"]), chance=st.integers(0, 2))
    def be_paid_too_late(self, pick: int, state: str, chance: int) -> None:
        """A hold ends, somebody else may buy its units, then its money comes."""
        self.release(pick, "engine", state, ended=True)
        if chance == 0:
            self.reserve(3, "", BASKETS[chance], rated=False)
        self.retake(0, "own")

    @rule(pick=orders, payment=payments)
    def refuse(self, pick: int, payment: str) -> None:
        order, paid = self.paid_for(pick, LIVE, payment)
        self.step(
            lambda: refuse(self.store, BASE, order, paid, "mismatch"),
            lambda lane, now: model_money.refuse(lane, now, paid, "mismatch"),
        )

    @rule(
        pick=orders,
        who=st.sampled_from(["buyer", "engine", "stranger"]),
        state=st.sampled_from(["CANCELLED", "FAILED", "EXPIRED"]),
        ended=st.booleans(),
    )
    def release(self, pick: int, who: str, state: str, *, ended: bool) -> None:
        it = self.attempt(pick, LIVE)
        user = {"buyer": it.user, "engine": 0, "stranger": 99}[who]
        payment = it.payments["own"] if ended else NO_PAYMENT
        self.step(
            lambda: release(self.store, BASE, it.order, state, "wish", user=user, payment=payment),  # type: ignore[arg-type]
            lambda lane, now: model_buyers.release(lane, now, it.order, user, state, payment),
        )

    @rule(most=st.sampled_from([1, 2, 100]), grace_ms=st.sampled_from([0, SHORT_MS, LONG_MS]))
    def expire(self, most: int, grace_ms: int) -> None:
        self.step(
            lambda: expire(self.store, BASE, most, grace_ms),
            lambda lane, now: model_staff.expire(lane, now, most, grace_ms),
        )

    @rule(
        move=st.sampled_from([0, 1, None]),
        product=st.sampled_from([7, 7, 8, 8, 9]),
        delta=st.sampled_from([1, 2, -1, -2]),
    )
    def adjust(self, move: int | None, product: int, delta: int) -> None:
        words = (new_id() if move is None else self.moves[move], product, delta)
        self.step(
            lambda: adjust(self.store, BASE, *words),
            lambda lane, now: model_staff.adjust(lane, now, *words),
        )

    @rule(pick=orders)
    def restock(self, pick: int) -> None:
        """A refunded order's units come back; asked for twice, they come back once."""
        it = self.attempt(pick, {"PAID"})
        found = self.model.orders.get(it.order)
        if found is None or found.state != "PAID":
            return
        lines, move = self.model.lines_json(found.lines), it.order[:-1] + "0"
        self.step(
            lambda: restock(self.store, BASE, move, it.order, found.user, lines),
            lambda lane, now: model_staff.restock(lane, now, move, it.order),
        )

    @rule(state=st.sampled_from(["paused", "open", "open"]))
    def pause(self, state: str) -> None:
        self.step(
            lambda: pause(self.store, BASE, state),  # type: ignore[arg-type]
            lambda lane, now: model_staff.pause(lane, now, state),
        )

    @rule(chance=st.integers(0, 9))
    def close(self, chance: int) -> None:
        if chance == 9 or self.model.leaving:
            self.step(lambda: close_lane(self.store, BASE), model_staff.close)

    @rule(kept=st.sampled_from([None, 0, 1, 3]), room=st.sampled_from([0, 1_000, 1_000, 1_000]))
    def trim_and_sweep(self, kept: int | None, room: int) -> None:
        ceiling, first_seq = self.model.seq + room, self.first_seq
        if kept is not None:
            self.first_seq = max(first_seq, self.model.seq - kept)
        dropped = self.first_seq - first_seq
        keep_id = KEEP_ALL if kept is None else f"{self.store.generation}-{self.first_seq}"
        self.step(
            lambda: trim(self.store, BASE, keep_id, ceiling),
            lambda lane, now: model_staff.trim(lane, now, dropped, ceiling),
        )
        self.step(
            lambda: sweep(self.store, BASE, 0, 1_000),
            lambda lane, now: Swept(0, model_staff.sweep(lane, now)),
        )

    @rule(pick=orders)
    def find_the_gate_closed(self, pick: int) -> None:
        self._turn_gate("closed")
        self.reserve_again(pick)
        self.confirm(pick, "own")
        self.expire(100, 0)
        self._turn_gate("open")

    @precondition(lambda self: self.restarts_left > 0)
    @rule(pick=orders)
    def lose_the_server(self, pick: int) -> None:
        self.restarts_left -= 1
        words = self.paid_for(pick, LIVE, "own")
        self.server.runner.run(self.server.restart())
        answer = self.server.runner.run(confirm(self.store, BASE, *words))
        assert answer == Closed("noscript")
        self.server.runner.run(self.store.load())
        self._turn_gate("open")

    @rule(almost=st.booleans())
    def wait_for_a_deadline(self, *, almost: bool) -> None:
        """For the next, or just not for it. On the real clock only for one that is near."""
        self.server.runner.run(self._wait_for(min(self.model.moments(), default=0) - almost))

    async def _wait_for(self, moment_ms: int) -> None:
        near = moment_ms - await server_ms(self.store) <= 2 * SHORT_MS
        if near or isinstance(self.store, ClockedStore):
            await wait_until(self.store, moment_ms)

    def _turn_gate(self, word: str) -> None:
        def predict(lane: Model, _: int) -> object:
            lane.gate = word
            return Gate(lane.seq)

        self.step(lambda: set_gate(self.store, BASE, word), predict)  # type: ignore[arg-type]
