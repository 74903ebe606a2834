"""Looking at processes from outside: is it gone, what did a parent start."""

import os
import subprocess
import sys
import time
from pathlib import Path

GONE_TIMEOUT_S = 20.0


def is_gone(pid: int) -> bool:
    """No such process, or a zombie that nobody has collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] in ("", "Z")


def wait_until_gone(pids: list[int]) -> list[int]:
    """Those that are still there after a long while; [] at once when all have ended."""
    give_up_at = time.monotonic() + GONE_TIMEOUT_S
    left = pids
    while left and time.monotonic() < give_up_at:
        left = [pid for pid in left if not is_gone(pid)]
        time.sleep(0.01)
    return left


class Script:
    """A Python program in a process of its own, that prints one line when it is ready."""

    def __init__(self, code: str, *arguments: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True, cwd=cwd
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline().strip()

    def end(self, number: int) -> int:
        """Send it a signal, wait for its end, give its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(GONE_TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
