"""Ends what is over: unpaid holds go back on sale, unfinished payments are cancelled first.

Each slice is one script call, so a thousand expiring holds never keep a buyer waiting for long.
Runs may overlap, in one worker or in several: a release happens once per hold.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct

from lua import expire
from lua.outcomes import Closed
from lua.store import Store

SLICE_MAX: Final = 25
"""Holds ended by one call: about a millisecond of the store's time, which buyers wait behind."""

REST_S: Final = 0.002
"""Between two slices of a lane, so that buyers get the store at least as often as expiry does."""

RUN_S: Final = 5.0
"""Of one run, well below its timeout; the next tick goes on."""

log = structlog.get_logger(__name__)


class Ended(Struct):
    """What a run did: holds that ended, holds that wait for their provider."""

    released: int = 0
    expiring: int = 0


async def run_once(store: Store, bases: Sequence[str], grace_ms: int) -> Ended:
    """End what is over in the lanes ``bases``; returns how much. Raises StoreUnreachable."""
    ended, limit = Ended(), time.monotonic() + RUN_S
    for base in bases:
        while time.monotonic() < limit:
            outcome = await expire.expire(store, base, SLICE_MAX, grace_ms)
            if isinstance(outcome, Closed):
                log.info("expiry_waits", lane=base, gate=outcome.gate)
                break
            ended.released += outcome.released
            ended.expiring += outcome.expiring
            if outcome.released + outcome.expiring < SLICE_MAX:
                break
            await asyncio.sleep(REST_S)
    return ended
