"""A worker that catches up with a full journal, timed."""

import time

from loadtests.accounting import cpu_s
from loadtests.bench.measurement import Run
from loadtests.stage.sales import OnSale
from loadtests.stage.stage import Stage

POLL_S = 0.01
SILENCE_S = 30.0


class NotSettled(Exception):
    """The worker stopped moving before it had caught up, or had before it could be timed."""


def settle(stage: Stage, on_sale: OnSale) -> Run:
    """Start the worker and time it from its first commit in this lane until it has caught up.

    Its start is not in it: clock and books are read first when the cursor has moved, and again when
    it stands at the journal's end. `done` are the entries in between; with a filled journal each is
    an order.

    Raises:
        NotSettled: the cursor stood still for `SILENCE_S`, or there was too little to time.
    """
    end = stage.lane(on_sale.base).seq()
    before = cursor(stage, on_sale)
    with stage.worker() as worker:
        first = _wait(stage, on_sale, before + 1)
        started_at, started_cpu_s = time.perf_counter(), cpu_s(worker.pid)
        if first >= end:
            raise NotSettled(f"{on_sale.base} was settled at one blow: too few orders to time")
        last = _wait(stage, on_sale, end)
        return Run(
            done=last - first,
            wall_s=time.perf_counter() - started_at,
            cpu_s=cpu_s(worker.pid) - started_cpu_s,
        )


def catch_up(stage: Stage, on_sale: OnSale) -> None:
    """Wait until a running worker has settled what the lane has now. Raises NotSettled."""
    _wait(stage, on_sale, stage.lane(on_sale.base).seq())


def cursor(stage: Stage, on_sale: OnSale) -> int:
    """Up to which seq the lane is settled; 0 before the first."""
    query = "SELECT seq FROM journal_cursors WHERE sale_id = $1 AND lane = 0"
    return int(stage.database.value(query, on_sale.sale_id) or 0)


def _wait(stage: Stage, on_sale: OnSale, seq: int) -> int:
    """Return the cursor when it has come to `seq`."""
    found, moved_at = cursor(stage, on_sale), time.monotonic()
    while found < seq:
        time.sleep(POLL_S)
        now = cursor(stage, on_sale)
        if now != found:
            found, moved_at = now, time.monotonic()
        elif time.monotonic() - moved_at > SILENCE_S:
            raise NotSettled(f"{on_sale.base} stands at {found}, the journal at {seq}")
    return found
