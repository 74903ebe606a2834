"""Become a command that cannot outlive the process that asked for it.

Run as a file by `flashsale.processes`, in a fresh interpreter (`python -I -S`), never imported
by it: between fork and exec of a program with threads nothing but exec is safe, and in here
everything is.

    die_with_parent.py PARENT_PID SIGNAL UID GID HOW COMMAND...

UID and GID are numbers, -1 to stay who we are. HOW is

`prctl`   Linux. Asks the kernel for SIGNAL at the parent's death, then *becomes* the command. The
          request is made after the change of user, which would cancel it, and the parent is looked
          at once more afterwards, because it may have died in between.
`watch`   Where prctl is missing (macOS). Starts the command and stays as its parent, passes
          signals on, and sends SIGNAL when its own parent is gone, at most 0.2 s later. Weaker in
          one point: kill -9 of this watcher leaves the command alone in the world.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1  # linux/prctl.h
WATCH_INTERVAL_S = 0.2
PARENT_GONE = 113  # exit status when there is nobody left to serve


def become_user(uid: int, gid: int) -> None:
    """Give up root for good: groups first, the user last."""
    if uid == -1:
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def ask_for_death_signal(death_signal: int) -> None:
    """Have the kernel send us `death_signal` when our parent's thread ends.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def watch(command: list[str], parent_pid: int, death_signal: int) -> int:
    """Run `command` until it ends, and end it when `parent_pid` is no longer our parent."""
    child = subprocess.Popen(command)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, pass_on)
    told = False
    while child.poll() is None:
        if not told and os.getppid() != parent_pid:
            child.send_signal(death_signal)
            told = True
        time.sleep(WATCH_INTERVAL_S)
    # A shell's convention for a child that died of a signal, since we cannot die of it ourselves.
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def main(arguments: list[str]) -> int:
    """Do as told by the command line; the exit code, if there is anyone left to have one."""
    parent_pid, death_signal, uid, gid = (int(word) for word in arguments[:4])
    how, command = arguments[4], arguments[5:]
    become_user(uid, gid)
    if how == "prctl":
        ask_for_death_signal(death_signal)
    if os.getppid() != parent_pid:
        return PARENT_GONE
    if how == "prctl":
        os.execvp(command[0], command)  # noqa: S606 - does not come back, unless with an OSError
    return watch(command, parent_pid, death_signal)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
