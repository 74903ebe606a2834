"""Ends what is over: unpaid holds go back on sale, unfinished payments are cancelled first.

Each slice is one script call, so a thousand expiring holds never keep a buyer waiting for long.
Runs may overlap, in one worker or in several: a release happens once per hold.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct

from lua import expire
from lua.outcomes import Closed
from lua.store import Store

SLICE_MAX: Final = 100
"""Holds ended by one call: about 2 ms of the store's time, which buyers wait behind."""

SLICES_MAX: Final = 200
"""Slices of one lane in one run: 20,000 holds, so that a run stays below its timeout."""

log = structlog.get_logger(__name__)


class Ended(Struct):
    """What a run did: holds that ended, holds that wait for their provider."""

    released: int = 0
    expiring: int = 0


async def run_once(store: Store, bases: Sequence[str], grace_ms: int) -> Ended:
    """End what is over in the lanes ``bases``; returns how much. Raises StoreUnreachable."""
    ended = Ended()
    for base in bases:
        for _ in range(SLICES_MAX):
            outcome = await expire.expire(store, base, SLICE_MAX, grace_ms)
            if isinstance(outcome, Closed):
                log.info("expiry_waits", lane=base, gate=outcome.gate)
                break
            ended.released += outcome.released
            ended.expiring += outcome.expiring
            if outcome.released + outcome.expiring < SLICE_MAX:
                break
    return ended
