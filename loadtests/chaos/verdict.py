"""Whether the promises held: laws by `flashsale verify`, receipts against the rows of Postgres."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final

import msgspec
import redis
from msgspec import Struct

from loadtests.chaos.crowd import Crowd
from loadtests.chaos.ground import Ground
from loadtests.chaos.receipts import OrderRow, Receipt, breaches
from loadtests.stage.sales import OnSale
from lua import keys

VERIFY_TIMEOUT_S: Final = 90.0
SHOWN_MAX: Final = 5


class Law(Struct, frozen=True):
    """One promise as `flashsale verify --json` tells of it."""

    name: str
    ok: bool
    detail: str


class Verdict(Struct, frozen=True):
    """What broke, in words; `laws` is how many were asked."""

    laws: int
    broken: list[str]


def judge(ground: Ground, crowd: Crowd) -> Verdict:
    """Wait for settlement, check every law, and compare what buyers were told with Postgres."""
    laws = verify(ground)
    broken = [f"{law.name}: {law.detail}" for law in laws if not law.ok]
    told = breaches(crowd.receipts, read_orders(ground, crowd.receipts))
    broken += [*told[:SHOWN_MAX], *crowd.contradictions[:SHOWN_MAX]]
    return Verdict(len(laws), broken)


def verify(ground: Ground) -> list[Law]:
    """Every law, from another process, as an operator would ask."""
    done = subprocess.run(
        [sys.executable, "-m", "flashsale.cli", "verify", "--json"],
        env={**os.environ, **ground.stack.engines.environment},
        capture_output=True, text=True, check=False, timeout=VERIFY_TIMEOUT_S,
    )  # fmt: skip
    if not done.stdout:
        return [Law("verify", False, f"exit {done.returncode}: {done.stderr[-1000:]}")]
    return msgspec.json.decode(done.stdout, type=_Report).laws


def read_orders(ground: Ground, receipts: Sequence[Receipt]) -> list[OrderRow]:
    """The orders of the sales of these receipts."""
    sales = sorted({receipt.sale_id for receipt in receipts})
    with closing(ground.database()) as database:
        rows = database.rows(
            "SELECT o.id::text, o.sale_id, o.user_id, coalesce(o.idempotency_key, ''),"
            " sum(l.quantity)::int, o.total_minor FROM orders AS o"
            " JOIN order_lines AS l ON l.order_id = o.id"
            " WHERE o.sale_id = ANY ($1::bigint[]) GROUP BY o.id",
            sales,
        )
    return [OrderRow(*row) for row in rows]


def unsettled(ground: Ground) -> int:
    """How many journal entries are not in Postgres, of all lanes."""
    with closing(ground.database()) as database:
        cursors = database.rows("SELECT sale_id, lane, seq FROM journal_cursors")
    with closing(redis.Redis.from_url(ground.stack.engines.valkey.url)) as store:
        seqs: list[Any] = [
            store.hget(keys.key(keys.lane_base(sale, lane), "LANE"), "seq")
            for sale, lane, _ in cursors
        ]
    settled = sum(int(seq) for _, _, seq in cursors)
    return sum(int(seq or 0) for seq in seqs) - settled


def units_of(ground: Ground, sale: OnSale) -> tuple[int, int, int, int]:
    """units, available, held, sold as Postgres has them."""
    with closing(ground.database()) as database:
        (row,) = database.rows(
            "SELECT sum(units)::int, sum(available)::int, sum(held)::int, sum(sold)::int"
            " FROM lane_items WHERE sale_id = $1",
            sale.sale_id,
        )
    units, available, held, sold = row
    return units, available, held, sold


class _Report(Struct):
    ok: bool
    laws: list[Law]
