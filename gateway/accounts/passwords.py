"""Passwords: hashed in a bounded pool of threads, and how strong a new one must be.

argon2id with t=2, 19 MiB, p=1 (the second choice of the OWASP cheat sheet for password storage):
about 20 ms of CPU. The threads run at a lower priority than the event loop, and few may wait, so
that a storm of sign-ins never slows a sale.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from zxcvbn import zxcvbn

T = TypeVar("T")

MIN_CHARS: Final = 8
MAX_BYTES: Final = 128
SCORE_MIN: Final = 2
"""zxcvbn: 0 and 1 are guessed in under a million tries."""
ZXCVBN_MAX_CHARS: Final = 72
"""Its time grows with the square of the length, and 72 characters say enough."""
NICENESS: Final = 10


class TooManyWaiting(Exception):
    """The queue of the hashing threads is full. Try again later."""


class WeakPassword(Exception):
    """``reason`` tells the user what to change."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Passwords:
    """Hashes and verifies, ``threads`` at once, ``queue_max`` waiting."""

    def __init__(self, threads: int, queue_max: int) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(threads, "password", initializer=_step_back)
        self._places = threading.BoundedSemaphore(threads + queue_max)
        self._nobodys = self._hasher.hash(os.urandom(16))

    async def hash(self, password: str) -> str:
        """Return the hash to keep. Raises TooManyWaiting."""
        return await self._run(lambda: self._hasher.hash(password))

    async def hash_new(self, password: str, *related: str) -> str:
        """Return the hash of a new password. Raises WeakPassword, TooManyWaiting.

        related: what is known of the person, which a good password does not repeat.
        """

        def check_and_hash() -> str:
            assert_strong(password, *related)
            return self._hasher.hash(password)

        assert_fit(password)
        return await self._run(check_and_hash)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password fits; takes as long for None, nobody's hash.

        Raises TooManyWaiting.
        """
        wanted = self._nobodys if password_hash is None else password_hash
        return await self._run(lambda: self._fits(wanted, password)) and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Tell whether the hash was made by other rules than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads; what waits is not computed."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise TooManyWaiting
        computed = self._threads.submit(work)
        computed.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(computed)


def assert_fit(password: str) -> None:
    """Check the length. Raises WeakPassword."""
    if len(password) < MIN_CHARS:
        raise WeakPassword(f"A password has at least {MIN_CHARS} characters.")
    if len(password.encode()) > MAX_BYTES:
        raise WeakPassword(f"A password has at most {MAX_BYTES} bytes.")


def assert_strong(password: str, *related: str) -> None:
    """Check that it is not common and not easily guessed; a millisecond. Raises WeakPassword."""
    found = zxcvbn(password[:ZXCVBN_MAX_CHARS], user_inputs=[*related])
    if found["score"] < SCORE_MIN:
        feedback = found["feedback"]
        advice = [feedback["warning"], *feedback["suggestions"]]
        raise WeakPassword(
            " ".join(part.rstrip(".") + "." for part in advice if part) or "It is easily guessed."
        )


def _step_back() -> None:
    """Lower the priority of this thread alone; Linux keeps it per thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
