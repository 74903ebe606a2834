"""Tokens that ended before their time, in the memory of this process.

A revocation is written to a sorted set of the store and told to every gateway by a message. A
process loads the set when it starts, listens from then on, and loads it again whenever it may have
missed a message. While the channel is lost for more than a second, `trusted` is false, and callers
use `refuses_now`, which reads the set itself.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final

import redis.asyncio
import structlog

from gateway.background import running
from lua import keys
from lua.connect import connect
from lua.settings import ValkeySettings
from lua.store import UNREACHABLE, StoreUnreachable

log = structlog.get_logger(__name__)

PROBE_S: Final = 0.3
"""Between pings on the channel: three may be lost before a second is over."""
TRUSTED_S: Final = 1.0
RETRY_S: Final = 0.2
PRUNE_S: Final = 60.0
READ_KEPT_S: Final = 0.2
"""How long a set that was read without the channel is good for: many callers, few reads."""
MESSAGE_KEPT_S: Final = 86_400
"""A message does not say when its last token dies; no access token lives longer than a day."""


class Revocations:
    """What this process knows of revoked sessions and raised token versions."""

    def __init__(self, settings: ValkeySettings) -> None:
        self._settings = settings
        self._sessions: dict[str, float] = {}
        self._versions: dict[int, int] = {}
        self._version_ends: dict[int, float] = {}
        self._heard_s = self._read_s = float("-inf")
        self._reading = asyncio.Lock()

    @property
    def trusted(self) -> bool:
        """False when messages may have been missed: ask the store then."""
        return time.monotonic() - self._heard_s <= TRUSTED_S

    def refuses(self, session_id: str, user_id: int, version: int) -> bool:
        """Tell whether a token of this session, user and token version is dead. Never waits."""
        return session_id in self._sessions or version < self._versions.get(user_id, 0)

    async def refuses_now(
        self, client: "redis.asyncio.Redis", session_id: str, user_id: int, version: int
    ) -> bool:
        """`refuses`, after reading the store's set unless that was done a moment ago.

        Raises StoreUnreachable.
        """
        async with self._reading:
            if time.monotonic() - self._read_s > READ_KEPT_S:
                await self._load(client)
        return self.refuses(session_id, user_id, version)

    def learn(self, message: str, dies_s: float) -> None:
        """Take in ``s <session>`` or ``u <user> <version>``, to be forgotten after ``dies_s``."""
        kind, _, rest = message.partition(" ")
        if kind == "s":
            self._sessions[rest] = dies_s
        elif kind == "u":
            user, _, version = rest.partition(" ")
            self._versions[int(user)] = max(int(version), self._versions.get(int(user), 0))
            self._version_ends[int(user)] = dies_s

    def forget_dead(self, now_s: float) -> None:
        """Drop what no living token can be refused by any more."""
        self._sessions = {one: ends for one, ends in self._sessions.items() if ends > now_s}
        self._version_ends = {one: ends for one, ends in self._version_ends.items() if ends > now_s}
        self._versions = {u: v for u, v in self._versions.items() if u in self._version_ends}

    def feed(self) -> AbstractAsyncContextManager[None]:
        """Listen while inside."""
        return running(self._run, "revocations")

    async def _run(self) -> None:
        """Listen for good; a lost connection is made again."""
        while True:
            client = connect(self._settings)
            try:
                await self._listen(client)
            except (*UNREACHABLE, StoreUnreachable) as lost:
                log.warning("revocations lost their channel", reason=type(lost).__name__)
            except Exception:
                log.exception("revocations failed")
            finally:
                with suppress(*UNREACHABLE):
                    await client.aclose()
            await asyncio.sleep(RETRY_S)

    async def _listen(self, client: "redis.asyncio.Redis") -> None:
        """Subscribe, then load what was said before, then take in what is said."""
        async with client.pubsub() as channel:
            await channel.subscribe(keys.REVOKED_CHANNEL)
            await self._load(client)
            self._heard_s = pruned_s = time.monotonic()
            while True:
                await channel.ping()
                message: Any = await channel.get_message(timeout=PROBE_S)
                while message is not None:
                    self._heard_s = time.monotonic()
                    if message["type"] == "message":
                        self.learn(message["data"].decode(), time.time() + MESSAGE_KEPT_S)
                    message = await channel.get_message(timeout=PROBE_S)
                if time.monotonic() - pruned_s > PRUNE_S:
                    self.forget_dead(time.time())
                    pruned_s = time.monotonic()

    async def _load(self, client: "redis.asyncio.Redis") -> None:
        """Read every revocation that can still matter, and believe nothing else.

        Raises StoreUnreachable.
        """
        now_s, read_s = time.time(), time.monotonic()
        try:
            found = await client.zrangebyscore(keys.REVOKED, now_s, "+inf", withscores=True)
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost
        self._sessions.clear()
        self._versions.clear()
        self._version_ends.clear()
        for member, dies_s in found:
            self.learn(member.decode(), dies_s)
        self._read_s = read_s
