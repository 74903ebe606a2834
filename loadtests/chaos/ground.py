"""The whole stack, supervised, whose engines may die and start again without ending it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlsplit

import psutil

from flashsale.stack.stack import Options, Stack, start_stack
from loadtests.stage.buyers import insert_admin, insert_buyers, mint
from loadtests.stage.database import Database
from loadtests.stage.sales import Admin, OnSale

BUYERS: Final = 400
POLL_S: Final = 0.02
SETTINGS: Final = {"RATE_LIMITS": "off", "PAYMENT_EXTENSION_S": "2", "EXPIRING_GRACE_S": "2"}


class TooLate(Exception):
    """Something that had to happen did not, in the time it had."""


class Ground:
    """Where faults are played. Main thread only, and it must come back to `wait` often: that is
    where the stack's own supervisor gets its turn."""

    def __init__(self, stack: Stack, admin_token: str, users: list[int]) -> None:
        self.stack = stack
        self.users = users
        self._admin_token = admin_token

    @property
    def database_url(self) -> str:
        return self.stack.environment["DATABASE_URL"]

    @property
    def address(self) -> tuple[str, int]:
        """Of the gateways."""
        return _address(self.stack.url)

    @property
    def simulator(self) -> tuple[str, int]:
        """Of the payment provider."""
        return _address(self.stack.simulator_url)

    def token(self, user: int) -> str:
        """An access token of a buyer."""
        return mint(user, "customer", self.stack.environment["SECRET_KEY"])

    def open_sale(self, units: int, hold_ttl_s: int = 600) -> OnSale:
        """A sale of one product that is open now."""
        admin = Admin(self.address[1], self._admin_token)
        with closing(admin):
            return admin.open_sale(units, hold_ttl_s=hold_ttl_s)

    def database(self) -> Database:
        """A connection of one's own, to be closed."""
        return Database(self.database_url)

    def pid_of(self, *words: str) -> int:
        """The stack's process whose command line has these words; raises TooLate after a while."""
        found: list[int] = []

        def look() -> bool:
            found[:] = [
                child.pid
                for child in psutil.Process().children()
                if _runs(child, words) and child.status() != psutil.STATUS_ZOMBIE
            ]
            return bool(found)

        self.wait(look, 30, f"a process that runs {' '.join(words)}")
        return found[0]

    def kill(self, *words: str) -> str:
        """kill -9 that process; the supervisor starts it again. Gives the words for it."""
        pid = self.pid_of(*words)
        os.kill(pid, signal.SIGKILL)
        return f"{words[-1]} pid {pid}"

    def wait(self, done: Callable[[], bool], limit_s: float, what: str) -> float:
        """Supervise until ``done``; gives the seconds it took. Raises TooLate."""
        began_s = time.monotonic()
        while not done():
            if time.monotonic() - began_s > limit_s:
                raise TooLate(f"{what}: not within {limit_s:g} s")
            self.stack.children.revive()
            time.sleep(POLL_S)
        return time.monotonic() - began_s

    def supervise(self, for_s: float) -> None:
        """Let time pass."""
        until_s = time.monotonic() + for_s
        self.wait(lambda: time.monotonic() >= until_s, for_s + 1, "time")

    @contextmanager
    def closed_doors(self) -> Iterator[None]:
        """No request reaches a gateway, and those under way are over: it is stopped in between."""
        pid = self.pid_of("gateway")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def complaints(self, name: str, most: int = 5) -> list[str]:
        """The last lines of a process's log that tell of an error."""
        lines = self.stack.children.log_path(name).read_text(errors="replace").splitlines()
        told = [line for line in lines if '"error"' in line or '"critical"' in line]
        plain = [line for line in lines if line and line[0] not in " {"]
        return (told[-most:] + plain[-most:])[-2 * most :]


@contextmanager
def open_ground(say: Callable[[str], None]) -> Iterator[Ground]:
    """Start a stack in a temporary place, with buyers and an admin."""
    with start_stack(Options(port=0, settings=SETTINGS), say) as stack:
        secret = stack.environment["SECRET_KEY"]
        with closing(Database(stack.environment["DATABASE_URL"])) as database:
            token = insert_admin(database, secret)
            users = insert_buyers(database, BUYERS, secret).take(BUYERS)
        yield Ground(stack, token, users)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


def _runs(process: psutil.Process, words: tuple[str, ...]) -> bool:
    try:
        return all(word in process.cmdline() for word in words)
    except psutil.Error:
        return False
