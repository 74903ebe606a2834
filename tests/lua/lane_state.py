"""All that the store has of a lane, read at one moment, and typed."""

from typing import Any

import redis.asyncio
from msgspec import Struct

from lua import hold, journal, keys, scripts
from lua.hold import Hold
from lua.journal import AnyEntry, Position
from lua.snapshot import LaneNow, read
from lua.store import Store


class User(Struct, frozen=True):
    """A buyer's record."""

    tat_ms: int
    counts: dict[int, int]
    orders: list[str]


class LaneState(Struct, frozen=True):
    """`keys`: digest -> (order, fingerprint). Queues: order -> the moment it is due."""

    now: LaneNow
    holds: dict[str, Hold]
    keys: dict[str, tuple[str, str]]
    users: dict[int, User]
    due: dict[int, dict[str, int]]
    paying: dict[str, int]
    expiring: dict[str, int]
    verdicts: dict[str, str]
    moves: set[str]
    journal: list[tuple[Position, AnyEntry]]


async def read_lane(store: Store, base: str) -> LaneState:
    """Read a lane that exists, whatever its gate says."""
    sha = scripts.sha("snapshot", store.generation)
    products = [int(p) for p in await _products(store, base)]
    async with store.client.pipeline(transaction=True) as batch:
        batch.evalsha(sha, 1, base)
        batch.hgetall(keys.key(base, "USERS"))
        batch.hkeys(keys.key(base, "MOVES"))
        batch.xrange(keys.key(base, "JOURNAL"))
        for queue in ("PAYING", "EXPIRING"):
            batch.zrange(keys.key(base, queue), 0, -1, withscores=True)
        for slot in range(keys.HOLD_SLOTS):
            batch.hgetall(keys.key(base, "HOLDS", slot))
        for slot in range(keys.VERDICT_SLOTS):
            batch.hgetall(keys.key(base, "VERDICTS", slot))
        for product in products:
            batch.zrange(keys.key(base, "DUE", product), 0, -1, withscores=True)
        answers = iter(await batch.execute())
    now = read(next(answers))
    assert now is not None
    users, moves, entries = next(answers), next(answers), next(answers)
    paying, expiring = _queue(next(answers)), _queue(next(answers))
    records: dict[bytes, bytes] = {}
    for _ in range(keys.HOLD_SLOTS):
        records |= next(answers)
    verdicts: dict[bytes, bytes] = {}
    for _ in range(keys.VERDICT_SLOTS):
        verdicts |= next(answers)
    return LaneState(
        now=now,
        holds={k.decode(): hold.read(v) for k, v in records.items() if b"-" in k},
        keys={k.decode(): _order_and_print(v) for k, v in records.items() if b"-" not in k},
        users={int(user): _user(record) for user, record in users.items()},
        due={product: _queue(next(answers)) for product in products},
        paying=paying,
        expiring=expiring,
        verdicts={k.decode(): v.decode() for k, v in verdicts.items()},
        moves={move.decode() for move in moves},
        journal=[read_entry(entry) for entry in entries],
    )


def read_entry(entry: tuple[bytes, dict[bytes, bytes]]) -> tuple[Position, AnyEntry]:
    """Turn a stream entry, as the client gives it, into where it stands and what it says."""
    entry_id, fields = entry
    return journal.read_id(entry_id), journal.decode(journal.body_of(fields))


async def fingerprint(client: "redis.asyncio.Redis") -> dict[bytes, bytes]:
    """Every key of the server with its whole content: equal only when nothing was changed."""
    names = sorted(await client.keys())
    return {name: await client.dump(name) for name in names}


async def _products(store: Store, base: str) -> list[bytes]:
    items: bytes = await store.client.hget(keys.key(base, "LANE"), "items")  # type: ignore[misc]
    return items.split(b",")


def _queue(members: list[Any]) -> dict[str, int]:
    return {order.decode(): int(score) for order, score in members}


def _order_and_print(value: bytes) -> tuple[str, str]:
    order, found = value.decode().split(" ")
    return order, found


def _user(record: bytes) -> User:
    tat_ms, counts, orders = record.decode().split(" ")
    pairs = [] if counts == "-" else [pair.split("=") for pair in counts.split(",")]
    return User(
        int(tat_ms),
        {int(product): int(count) for product, count in pairs},
        [] if orders == "-" else orders.split(","),
    )
