"""The rows of settlement, inserted without asking anything: no cursor, no plan, no totals.

Runs in a process of its own; every column is made before the clock starts. One transaction has
three `unnest` inserts (orders, lines, journal) for as many orders as settlement takes at once, on
one connection, into the engine's own tables. `python -m loadtests.peers.plain_insert FD`.
"""

import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import uuid_utils.compat as uuids
import uvloop

from flashsale.processes import start_child

BATCH: Final = 2_000
"""What settlement reads at once."""
LANE: Final = 1
"""Beside the engine's own lane 0, so that no key is met twice."""
STOP_TIMEOUT_S: Final = 10.0

ORDERS: Final = (
    "INSERT INTO orders (id, sale_id, lane, user_id, status, hold_state, total_minor, currency,"
    " idempotency_key, fingerprint, created_at, expires_at, seq)"
    " SELECT id, $1, $2, user_id, 'PENDING', 'HELD', 1999, 'USD', key, '0011223344556677', $6, $7,"
    " seq FROM unnest($3::uuid[], $4::bigint[], $5::text[], $8::bigint[])"
    " AS o (id, user_id, key, seq)"
)
LINES: Final = (
    "INSERT INTO order_lines (order_id, product_id, line, quantity, unit_price_minor)"
    " SELECT id, $2, 0, 1, 1999 FROM unnest($1::uuid[]) AS l (id)"
)
JOURNAL: Final = (
    "INSERT INTO journal (sale_id, lane, generation, seq, type, body)"
    " SELECT $1, $2, 1, seq, 'held', body FROM unnest($3::bigint[], $4::text[]) AS j (seq, body)"
)


class Inserts(msgspec.Struct, frozen=True):
    """One order of one unit for each buyer, in a sale that exists."""

    database_url: str
    sale_id: int
    product_id: int
    buyers: list[int]


class Inserted(msgspec.Struct, frozen=True):
    """How long it took, and the CPU of this client."""

    wall_s: float
    cpu_s: float


def run_inserts(inserts: Inserts, log_path: Path) -> Inserted:
    """Do it in a process of its own. Main thread only. Raises msgspec.DecodeError if it died."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        child = start_child(command, keep_open=(theirs.fileno(),), log_path=log_path)
        theirs.close()
        ours.sendall(msgspec.json.encode(inserts) + b"\n")
        answer = ours.makefile("rb").readline()
        child.stop(STOP_TIMEOUT_S)
    return msgspec.json.decode(answer, type=Inserted)


def _columns(inserts: Inserts) -> list[tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]]:
    now = datetime.now(UTC)
    batches = []
    for at in range(0, len(inserts.buyers), BATCH):
        buyers = inserts.buyers[at : at + BATCH]
        ids = [uuids.uuid7() for _ in buyers]
        keys = [str(each) for each in ids]
        seqs = list(range(at + 1, at + 1 + len(buyers)))
        bodies = [
            _body(key, user, inserts.product_id) for key, user in zip(keys, buyers, strict=True)
        ]
        sale, later = inserts.sale_id, now + timedelta(hours=1)
        batches.append(
            (
                (sale, LANE, ids, buyers, keys, now, later, seqs),
                (ids, inserts.product_id),
                (sale, LANE, seqs, bodies),
            )
        )
    return batches


def _body(order: str, user: int, product_id: int) -> str:
    """As long as the script writes it."""
    return (
        f'["held","{order}",{user},1700000000000,1700003600000,1999,"USD",'
        f'[[{product_id},1,1999]],"0011223344556677","{order}"]'
    )


async def _insert(inserts: Inserts) -> Inserted:
    batches = _columns(inserts)
    connection: Any = await asyncpg.connect(inserts.database_url)
    started_at, started_cpu_s = time.perf_counter(), time.process_time()
    for orders, lines, journal in batches:
        async with connection.transaction():
            await connection.execute(ORDERS, *orders)
            await connection.execute(LINES, *lines)
            await connection.execute(JOURNAL, *journal)
    done = Inserted(time.perf_counter() - started_at, time.process_time() - started_cpu_s)
    await connection.close()
    return done


def main() -> None:
    """Read what to insert, do it, say how long it took."""
    with socket.socket(fileno=int(sys.argv[1])) as bench:
        inserts = msgspec.json.decode(bench.makefile("rb").readline(), type=Inserts)
        bench.sendall(msgspec.json.encode(uvloop.run(_insert(inserts))) + b"\n")


if __name__ == "__main__":
    main()
