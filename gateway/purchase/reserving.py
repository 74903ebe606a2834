"""One reserve: batched with its neighbours, asked again once when that is safe and of use."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import hiredis
import structlog

from gateway.purchase.pipe import AnswerLost, NotSent, Pipe
from lua import reserve, scripts
from lua.outcomes import Closed
from lua.reserve import Outcome
from lua.store import NO_SCRIPT, ScriptFailed, Store

RECONNECT_WAIT_S: Final = 1.0
"""How long after a loss requests wait for the new connection; then they are refused at once."""

NOT_SERVING: Final = ("NOSCRIPT", "LOADING", "READONLY", "MASTERDOWN")
"""Errors of a server that was restarted, reads its log, or is a replica: nothing was taken."""

REFRESH_S: Final = 0.1
"""A closed store is asked for its generation at most this often, by all requests together."""

log = structlog.get_logger(__name__)


class Reserving:
    """Calls `reserve` for this process."""

    def __init__(self, pipe: Pipe, store: Store, rate_limit: int, rate_period_ms: int) -> None:
        self._pipe = pipe
        self._store = store
        self._rate_limit = rate_limit
        self._rate_period_ms = rate_period_ms
        self._refresh: asyncio.Task[int] | None = None

    async def reserve(
        self, base: str, order: str, user_id: int, key: str, lines: Sequence[tuple[int, int]]
    ) -> Outcome:
        """Take stock for one order; what `lua.reserve.reserve` promises.

        An answer that got lost is asked for once more, by order id. Raises NotSent (nothing was
        taken), AnswerLost (nothing is known), ScriptFailed.
        """
        arguments = reserve.arguments(
            order, user_id, key, lines, self._rate_limit, self._rate_period_ms
        )
        if not self._pipe.connected:
            await self._reconnected()
        try:
            outcome = await self._ask(base, arguments)
        except AnswerLost:
            await self._reconnected()
            try:
                outcome = await self._ask(base, arguments)
            except NotSent as gone:
                raise AnswerLost from gone
            if isinstance(outcome, Closed):
                raise AnswerLost("recovering") from None
        if isinstance(outcome, Closed) and await self._generation_moved():
            outcome = await self._ask(base, arguments)
        return outcome

    async def _ask(self, base: str, arguments: list[str | int | bytes]) -> Outcome:
        sha = scripts.sha("reserve", self._store.generation)
        reply: Any = await self._pipe.call("EVALSHA", sha, 1, base, *arguments)
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith(NOT_SERVING):
                reply = NO_SCRIPT
            else:
                raise ScriptFailed(str(reply))
        return reserve.read(reply)

    async def _reconnected(self) -> None:
        """Wait for the connection while it was lost just now; not at all when it is long gone."""
        await self._pipe.connected_within(RECONNECT_WAIT_S - self._pipe.lost_for_s)

    async def _generation_moved(self) -> bool:
        before = self._store.generation
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._refresh_soon())
        try:
            return await asyncio.shield(self._refresh) != before
        except Exception as lost:
            log.debug("generation_unknown", reason=str(lost))
            return False

    async def _refresh_soon(self) -> int:
        generation = await self._store.refresh()
        await asyncio.sleep(REFRESH_S)
        return generation
