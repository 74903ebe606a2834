"""What the state machine of `test_machine` stands on: a server, orders to pick from, checked steps.

The clock is the server's: a step is right when some millisecond between its beginning and its end
explains answer and change together. Lanes with short holds see deadlines pass between steps.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Final

from hypothesis import event
from hypothesis.stateful import RuleBasedStateMachine

from lua.journal import AnyEntry, Position
from lua.store import Store
from tests.lua.killable import KillableValkey
from tests.lua.lane_laws import broken
from tests.lua.lane_state import read_lane
from tests.lua.lanes import BASE, new_id, server_ms
from tests.lua.model import Lines, Model, view_of

ANY_FROM: Final = 5


class Attempt:
    """One call of reserve, and two payments that may be made for it."""

    def __init__(
        self, order: str, user: int, key: str, lines: Lines, rate: tuple[int, int]
    ) -> None:
        self.order = order
        self.user, self.key, self.lines, self.rate = user, key or self.order, lines, rate
        self.payments = {"own": new_id(), "second": new_id()}


class Server:
    """One Valkey and one event loop for all examples."""

    def __init__(self, valkey: KillableValkey, store: Store) -> None:
        self.valkey = valkey
        self.runner = asyncio.Runner()
        self.store = store

    async def restart(self) -> None:
        """Kill -9; what was acknowledged is on the disk, the scripts are gone."""
        self.valkey.kill()
        self.valkey.start()
        await self.store.client.connection_pool.disconnect()


class CheckedMachine(RuleBasedStateMachine):
    """A lane, its model, and its whole journal though the lane's is trimmed."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.store = server.store
        self.model = Model({}, 0, 0, 0)
        self.attempts: list[Attempt] = []
        self.entries: list[tuple[Position, AnyEntry]] = []

    def attempt(self, pick: int, states: set[str]) -> Attempt:
        """So many before the latest in these states; from ANY_FROM on, or if none fits, of all."""
        fitting = [
            it
            for it in self.attempts
            if it.order in self.model.orders and self.model.orders[it.order].state in states
        ]
        among = fitting if fitting and pick < ANY_FROM else self.attempts
        return among[-1 - pick % ANY_FROM % len(among)]

    def paid_for(self, pick: int, states: set[str], payment: str) -> tuple[str, str]:
        """An order, and a payment that names it or, "other's", the very first order."""
        it = self.attempt(pick, states)
        named = self.attempts[0].payments["own"] if payment == "other's" else it.payments[payment]
        return it.order, named

    def step(
        self, call: Callable[[], Awaitable[object]], predict: Callable[[Model, int], object]
    ) -> None:
        """Do it, find the moment that explains it, check the laws."""
        answer, before_ms, after_ms = self.server.runner.run(self._timed(call))
        state = self.server.runner.run(read_lane(self.store, BASE))
        event(type(answer).__module__ + "." + type(answer).__name__)
        last = self.entries[-1][0].seq if self.entries else 0
        self.entries += [entry for entry in state.journal if entry[0].seq > last]
        seen = view_of(state)
        trials: list[tuple[object, object]] = []
        for now in range(before_ms, after_ms + 1):
            trial = copy.deepcopy(self.model)
            trials.append((predict(trial, now), trial.view()))
            if trials[-1] == (answer, seen):
                self.model = trial
                break
        else:
            assert (answer, seen) == trials[0]
        assert broken(state, self.entries) == []

    async def _timed(self, call: Callable[[], Awaitable[object]]) -> tuple[object, int, int]:
        before_ms = await server_ms(self.store)
        answer = await call()
        return answer, before_ms, await server_ms(self.store)
