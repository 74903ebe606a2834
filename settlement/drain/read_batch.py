"""Reads what the journals have after their cursors, and refuses a gap."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from lua import keys
from lua.journal import Position, body_of, read_id
from lua.store import UNREACHABLE, Store, StoreUnreachable
from settlement.drain.lanes import Lane

BATCH_MAX: Final = 2_000
"""Entries of a lane in one transaction: some 30 ms of work, so that a lane's lag stays small and a
paused worker holds little."""


class JournalGap(Exception):
    """The journal does not go on where the cursor stands: stay closed, raise the alarm."""

    def __init__(self, base: str, after: Position, found: Position) -> None:
        super().__init__(f"{base}: cursor {after}, next entry {found}")
        self.base, self.after, self.found = base, after, found


class RawEntry(Struct, frozen=True, gc=False):
    """An entry as the stream has it."""

    position: Position
    body: bytes


class Batch(Struct, frozen=True):
    """Entries of one lane that follow its cursor without a gap, and the cursor after them."""

    lane: Lane
    entries: list[RawEntry]
    end: Position


async def read_batches(
    store: Store, lanes: Sequence[Lane], block_ms: int, most: int = BATCH_MAX
) -> list[Batch]:
    """Read at most ``most`` entries a lane; wait up to ``block_ms`` for the first (0: do not).

    Raises JournalGap, UnknownFormat, StoreUnreachable.
    """
    streams = {keys.key(lane.base, "JOURNAL"): str(lane.cursor) for lane in lanes}
    try:
        found = await store.client.xread(streams, count=most, block=block_ms or None)  # type: ignore[arg-type]
    except UNREACHABLE as lost:
        raise StoreUnreachable(str(lost)) from lost
    by_key = {name.decode(): entries for name, entries in found}
    batches = []
    for lane, name in zip(lanes, streams, strict=True):
        if by_key.get(name):
            entries = check_entries(lane, by_key[name])
            batches.append(Batch(lane, entries, entries[-1].position))
    return batches


def check_entries(lane: Lane, entries: Sequence[Any]) -> list[RawEntry]:
    """Turn a stream's raw entries into ours. Raises JournalGap, UnknownFormat."""
    before, checked = lane.cursor, []
    for raw_id, fields in entries:
        position = read_id(raw_id)
        if position.seq != before.seq + 1 or position.generation < before.generation:
            raise JournalGap(lane.base, before, position)
        checked.append(RawEntry(position, body_of(fields)))
        before = position
    return checked
