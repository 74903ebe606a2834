"""The real worker, made to die or freeze at one step of settling one batch, or of recovery.

    python -m tests.faults.faulty_worker STEP WHAT BATCH

It settles batches of `BATCH_ENTRIES`; at ``STEP`` of the batch number ``BATCH`` (from 1) it sends
itself the signal ``WHAT`` (SIGKILL, SIGSTOP). Steps of recovery ignore ``BATCH``. The step
``cursor_alone`` is a bug on purpose: the cursor moves in a transaction of its own, before the rows.
"""

import functools
import os
import signal
import sys
from importlib import import_module
from typing import Any, Final

from flashsale.cli import main

drainer: Any = import_module("settlement.drain.drainer")
write: Any = import_module("settlement.drain.write")
recover: Any = import_module("settlement.recovery.recover")
rebuild: Any = import_module("settlement.recovery.rebuild")

BATCH_ENTRIES: Final = 20
RECOVERY: Final = {
    "generation_raised": (recover, "_raise_generation"),
    "lane_drained": (recover, "_drain_rest"),
    "lane_begun": (rebuild.rebuild, "begin"),
    "holds_written": (rebuild, "_put_orders"),
    "lane_rebuilt": (recover, "rebuild_lane"),
    "before_gates_open": (recover, "rebuild_products"),
}
"""Step -> the function of recovery after which it is reached."""

STEPS: Final = (
    "after_read", "after_cursor", "before_commit", "after_commit", "cursor_alone", *RECOVERY,
)  # fmt: skip


class Fault:
    """Wraps the steps of the drainer; counts batches."""

    def __init__(self, step: str, what: signal.Signals, batch: int) -> None:
        self._step, self._what, self._batch = step, what, batch
        self._at = 0
        self._settle = drainer.settle
        self._move_cursor = write.move_cursor
        self._write_plan = write.write_plan

    def install(self) -> None:
        """Put the wrappers in place of the functions that the drainer calls."""
        drainer.read_batches = functools.partial(drainer.read_batches, most=BATCH_ENTRIES)
        drainer.settle = self.settle
        write.move_cursor = self.move_cursor
        write.write_plan = self.write_plan
        if self._step in RECOVERY:
            module, name = RECOVERY[self._step]
            setattr(module, name, self.after(getattr(module, name)))

    def after(self, function: Any) -> Any:
        """The function, and then the signal."""

        async def wrapped(*arguments: Any) -> Any:
            result = await function(*arguments)
            os.kill(os.getpid(), self._what)
            return result

        return wrapped

    async def settle(self, connection: Any, batch: Any, dead: Any) -> int:
        self._at += 1
        self._reach("after_read")
        if self._step == "cursor_alone" and self._at == self._batch:
            await self._move_cursor(connection, batch.lane, batch.end)
            self._reach("cursor_alone")
        aside = await self._settle(connection, batch, dead)
        self._reach("after_commit")
        return int(aside)

    async def move_cursor(self, connection: Any, lane: Any, end: Any) -> bool:
        moved = await self._move_cursor(connection, lane, end)
        self._reach("after_cursor")
        return bool(moved)

    async def write_plan(self, connection: Any, lane: Any, plan: Any) -> None:
        await self._write_plan(connection, lane, plan)
        self._reach("before_commit")

    def _reach(self, step: str) -> None:
        if step == self._step and self._at == self._batch:
            os.kill(os.getpid(), self._what)


if __name__ == "__main__":
    step, what, batch = sys.argv[1:]
    if step not in STEPS:
        raise SystemExit(f"{step} is none of {STEPS}")
    Fault(step, signal.Signals[what], int(batch)).install()
    sys.argv = ["flashsale", "worker"]
    main()
