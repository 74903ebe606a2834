"""Waits for what another task or process does in its own time."""

import asyncio
from collections.abc import Awaitable, Callable


async def eventually(holds: Callable[[], Awaitable[bool]], within_s: float = 3) -> None:
    """Return as soon as it holds. Raises TimeoutError when it does not within the time."""
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
