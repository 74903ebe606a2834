"""Settles one batch in one transaction, the cursor first; entries Postgres refuses are set aside.

Only SQLSTATE classes 22 (data) and 23 (integrity) blame an entry. A full disk, a lost connection or
a deadlock blames nobody: the batch is read and tried again.
"""

from typing import TypeAlias

import asyncpg
import msgspec
import structlog

from lua import journal
from lua.journal import AnyEntry, Position
from settlement.drain import plan as planning
from settlement.drain import write
from settlement.drain.lanes import Lane
from settlement.drain.read_batch import Batch, RawEntry

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

BAD_ENTRY = (asyncpg.exceptions.DataError, asyncpg.exceptions.IntegrityConstraintViolationError)
log = structlog.get_logger(__name__)


class CursorMoved(Exception):
    """Another worker, or recovery, settled past this batch: discard it."""


class DeadOrders:
    """Orders of which an entry was set aside: what follows of them is set aside too."""

    def __init__(self, orders: set[str]) -> None:
        self.orders = orders

    @classmethod
    async def read(cls, connection: Connection) -> "DeadOrders":
        """Read the unresolved ones."""
        rows = await connection.fetch(
            "SELECT DISTINCT order_id::text FROM dead_letters"
            " WHERE order_id IS NOT NULL AND resolved_at IS NULL"
        )
        return cls({row[0] for row in rows})


async def settle(connection: Connection, batch: Batch, dead: DeadOrders) -> int:
    """Settle ``batch``; returns how many entries were set aside.

    Raises CursorMoved, and asyncpg errors that do not blame an entry.
    """
    decoded = [_decode(raw) for raw in batch.entries]
    try:
        return await _settle_whole(connection, batch, decoded, dead)
    except BAD_ENTRY as refused:
        if len(batch.entries) == 1:
            await _set_aside(connection, batch, decoded[0], dead, refused)
            return 1
    half = len(batch.entries) // 2
    between = Position(batch.end.generation, batch.entries[half - 1].position.seq)
    aside = await settle(connection, Batch(batch.lane, batch.entries[:half], between), dead)
    moved = Lane(batch.lane.sale_id, batch.lane.lane, between)
    return aside + await settle(connection, Batch(moved, batch.entries[half:], batch.end), dead)


def _decode(raw: RawEntry) -> AnyEntry | msgspec.MsgspecError:
    try:
        return journal.decode(raw.body)
    except msgspec.MsgspecError as broken:
        return broken


async def _settle_whole(
    connection: Connection,
    batch: Batch,
    decoded: list[AnyEntry | msgspec.MsgspecError],
    dead: DeadOrders,
) -> int:
    plan, aside = planning.new_plan(), 0
    letters: list[tuple[RawEntry, AnyEntry | None, str]] = []
    for raw, entry in zip(batch.entries, decoded, strict=True):
        if isinstance(entry, msgspec.MsgspecError):
            letters.append((raw, None, f"not an entry: {entry}"))
        elif dead.orders and planning.order_of(entry) in dead.orders:
            plan.deltas.apply(entry)
            letters.append((raw, entry, "follows an entry of its order that was set aside"))
        else:
            planning.add(plan, raw.position.seq, entry)
    aside = len(letters)
    async with connection.transaction():
        if not await write.move_cursor(connection, batch.lane, batch.end):
            raise CursorMoved(f"{batch.lane.base} is no longer at {batch.lane.cursor}")
        await write.write_journal(connection, batch.lane, batch.entries, _words(decoded))
        await write.write_plan(connection, batch.lane, plan)
        for raw, known, reason in letters:
            await _write_letter(connection, batch.lane, raw, known, None, reason)
    return aside


async def _set_aside(
    connection: Connection,
    batch: Batch,
    entry: AnyEntry | msgspec.MsgspecError,
    dead: DeadOrders,
    refused: asyncpg.PostgresError,
) -> None:
    """One entry that Postgres refuses: its row is lost to the order, not to the totals."""
    raw, known = batch.entries[0], None if isinstance(entry, msgspec.MsgspecError) else entry
    try:
        await _move_past(connection, batch, known, refused, with_totals=True)
    except BAD_ENTRY as totals_refused:
        await _move_past(connection, batch, known, totals_refused, with_totals=False)
    order = planning.order_of(known) if known else None
    if order:
        dead.orders.add(order)
    log.error(
        "dead_letter", lane=batch.lane.base, entry=str(raw.position), order=order,
        sqlstate=refused.sqlstate, reason=str(refused),
    )  # fmt: skip


async def _move_past(
    connection: Connection,
    batch: Batch,
    entry: AnyEntry | None,
    refused: asyncpg.PostgresError,
    *,
    with_totals: bool,
) -> None:
    raw = batch.entries[0]
    plan = planning.new_plan()
    if entry is not None:
        plan.deltas.apply(entry)
    async with connection.transaction():
        if not await write.move_cursor(connection, batch.lane, batch.end):
            raise CursorMoved(f"{batch.lane.base} is no longer at {batch.lane.cursor}")
        await write.write_journal(connection, batch.lane, [raw], [_word(entry)])
        if with_totals:
            await write.write_totals(connection, batch.lane, plan)
        reason = str(refused) if with_totals else f"{refused} (totals not moved)"
        await _write_letter(connection, batch.lane, raw, entry, refused.sqlstate, reason)


async def _write_letter(
    connection: Connection,
    lane: Lane,
    raw: RawEntry,
    entry: AnyEntry | None,
    sqlstate: str | None,
    reason: str,
) -> None:
    await connection.execute(
        "INSERT INTO dead_letters (sale_id, lane, generation, seq, order_id, type, body, sqlstate,"
        " reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        lane.sale_id, lane.lane, raw.position.generation, raw.position.seq,
        planning.order_of(entry) if entry else None, _word(entry),
        raw.body.decode(errors="replace"), sqlstate, reason,
    )  # fmt: skip


def _words(entries: list[AnyEntry | msgspec.MsgspecError]) -> list[str]:
    return [_word(None if isinstance(e, msgspec.MsgspecError) else e) for e in entries]


def _word(entry: AnyEntry | None) -> str:
    return str(entry.__struct_config__.tag) if entry is not None else "broken"
