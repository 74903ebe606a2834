"""Many script calls in one pipeline: one round trip, and one fsync of the store for all of them."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import redis.exceptions
from msgspec import Struct

from lua import scripts
from lua.store import NO_SCRIPT, UNREACHABLE, Argument, ScriptFailed, Store, StoreUnreachable


class Call(Struct, frozen=True):
    """One call of script ``name`` on the lane ``base``."""

    name: str
    base: str
    arguments: tuple[Argument, ...]


Reply: TypeAlias = list[Any] | ScriptFailed


async def run_all(store: Store, calls: Sequence[Call]) -> list[Reply]:
    """Run ``calls`` in order, each atomic for itself; one that fails does not stop the others.

    A lost answer is asked for once more: scripts are idempotent. Raises StoreUnreachable.
    """
    if not calls:
        return []
    try:
        return await _run_once(store, calls)
    except StoreUnreachable:
        return await _run_once(store, calls)


async def _run_once(store: Store, calls: Sequence[Call]) -> list[Reply]:
    pipeline = store.client.pipeline(transaction=False)
    for call in calls:
        sha = scripts.sha(call.name, store.generation)
        pipeline.execute_command("EVALSHA", sha, 1, call.base, *call.arguments)
    try:
        replies = await pipeline.execute(raise_on_error=False)
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    return [_reply(call, reply) for call, reply in zip(calls, replies, strict=True)]


def _reply(call: Call, reply: Any) -> Reply:
    if isinstance(reply, redis.exceptions.NoScriptError):
        return NO_SCRIPT
    if isinstance(reply, UNREACHABLE):
        raise StoreUnreachable(str(reply)) from reply
    if isinstance(reply, Exception):
        return ScriptFailed(f"{call.name} on {call.base}: {reply}")
    return list(reply)
