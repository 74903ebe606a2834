"""The directory of an embedded stack: one stack at a time, its secrets, temporary or kept."""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TEMPORARY_PREFIX: Final = "flashsale-stack-"
# The engines of a stack that was killed hold the lock until they have shut down.
LOCK_TIMEOUT_S: Final = 30.0
LOCK_POLL_S: Final = 0.05
# A temporary directory younger than this may belong to a stack that is just starting.
ABANDONED_AGE_S: Final = 60.0


class DataDirInUse(Exception):
    """Another stack runs on this directory."""


class DataDir:
    """An opened and locked data directory. `lock_fd` is given to every engine: the lock is free
    when the last of them has ended, however the stack ended."""

    def __init__(self, path: Path, lock_fd: int) -> None:
        self.path = path
        self.lock_fd = lock_fd

    def secret(self, name: str) -> str:
        """The secret of this name: 43 URL-safe characters, made once, kept with mode 0600."""
        folder = self.path / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / name
        if not path.exists():
            fresh = folder / f".{name}.new"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(32))
            fresh.rename(path)  # never half a secret under its name
        return path.read_text()

    def room(self, name: str) -> Path:
        """A folder of its own for one process."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path


@contextlib.contextmanager
def open_data_dir(
    path: Path | None, *, lock_timeout_s: float = LOCK_TIMEOUT_S
) -> Iterator[DataDir]:
    """Make (0700) and lock `path`, and keep it; None: a temporary directory, removed at the end.

    Raises:
        DataDirInUse: another stack holds it for longer than `lock_timeout_s`.
    """
    if path is None:
        _sweep_abandoned()
        place = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
    else:
        place = path.absolute()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_fd = _lock(place, lock_timeout_s)
    try:
        yield DataDir(place, lock_fd)
    finally:
        if path is None:
            shutil.rmtree(place, ignore_errors=True)
        os.close(lock_fd)


def _lock(place: Path, timeout_s: float) -> int:
    lock_fd = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_at = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up_at:
                os.close(lock_fd)
                raise DataDirInUse(f"another stack runs on {place}") from None
            time.sleep(LOCK_POLL_S)
        except BaseException:
            os.close(lock_fd)
            raise
        else:
            return lock_fd


def _sweep_abandoned() -> None:
    """Remove temporary directories of stacks that were killed before they could."""
    for place in Path(tempfile.gettempdir()).glob(f"{TEMPORARY_PREFIX}*"):
        try:
            facts = (place / "lock").lstat()
            if facts.st_uid != os.geteuid() or time.time() - facts.st_mtime < ABANDONED_AGE_S:
                continue
            os.close(_lock(place, 0))
        except (OSError, DataDirInUse):
            continue
        shutil.rmtree(place, ignore_errors=True)
