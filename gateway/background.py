"""Tasks that run as long as the process does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

CANCEL_AGAIN_S: Final = 0.1
"""A cancellation can be lost inside a client library (redis-py turns some into time-outs)."""


@asynccontextmanager
async def running(run: Callable[[], Coroutine[Any, Any, None]], name: str) -> AsyncIterator[None]:
    """Run ``run()`` while inside; it is cancelled, for sure, on the way out."""
    task = asyncio.create_task(run(), name=name)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
