import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from flashsale.processes import LOG_BYTES_MAX, DeathWatch, start_child
from tests.processes import Script, wait_until_gone

ROOT = Path(__file__).parents[2]
SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
IGNORE_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
STUBBORN = [*SLEEPER[:2], IGNORE_TERM + SLEEPER[2]]
PARENT = """
import os, signal, sys, time
from pathlib import Path
from flashsale.processes import start_child
log = Path(sys.argv[1])
child = start_child(
    [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"],
    log_path=log, death_watch=sys.argv[2],
    user="nobody" if os.geteuid() == 0 and sys.argv[3] == "as nobody" else None,
)
while not log.exists() or not log.read_text().endswith("\\n"):
    time.sleep(0.01)
    assert child.alive, log.read_text()
print(child.pid, log.read_text().strip(), flush=True)
time.sleep(600)
"""
# Run by nobody, for whom the interpreter may be out of reach.
PARENT_OF_SHELL = PARENT.replace(
    '[sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]',
    '["/bin/sh", "-c", "cd /; echo $$; exec sleep 600"]',
)


def wait_for(log: Path, text: str) -> None:
    for _ in range(1000):
        if log.exists() and text in log.read_text():
            return
        time.sleep(0.01)
    raise AssertionError(f"{text!r} never came")


@pytest.mark.parametrize("death_watch", ["prctl", "watch"])
def test_a_child_dies_with_a_parent_that_is_killed_with_kill_9(
    tmp_path: Path, death_watch: DeathWatch
) -> None:
    if death_watch == "prctl" and sys.platform != "linux":
        pytest.skip("prctl is Linux only")
    parent = Script(PARENT, str(tmp_path / "log"), death_watch, "as us", cwd=ROOT)
    pids = [int(word) for word in parent.first_line.split()]
    assert parent.end(signal.SIGKILL) == -signal.SIGKILL
    assert wait_until_gone(pids) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the user")
def test_a_change_of_user_does_not_lose_the_death_signal(tmp_path: Path) -> None:
    parent = Script(PARENT_OF_SHELL, str(tmp_path / "log"), "prctl", "as nobody", cwd=ROOT)
    (pid, same_pid) = (int(word) for word in parent.first_line.split())
    assert pid == same_pid
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    parent.end(signal.SIGKILL)
    assert wait_until_gone([pid]) == []


def test_stop_asks_first_and_kills_a_child_that_does_not_listen(tmp_path: Path) -> None:
    polite = start_child(SLEEPER, log_path=tmp_path / "polite")
    stubborn = start_child(STUBBORN, log_path=tmp_path / "stubborn")
    wait_for(tmp_path / "polite", "up")
    wait_for(tmp_path / "stubborn", "up")
    assert polite.stop(timeout_s=20) == -signal.SIGTERM
    assert stubborn.stop(timeout_s=0.2) == -signal.SIGKILL
    assert not polite.alive
    assert not stubborn.alive


def test_stop_is_safe_for_a_child_that_has_ended(tmp_path: Path) -> None:
    child = start_child([sys.executable, "-c", "raise SystemExit(3)"], log_path=tmp_path / "log")
    assert child.wait(20) == 3
    assert child.stop(timeout_s=1) == 3
    assert child.exit_code == 3


def test_a_command_that_does_not_exist_shows_in_exit_code_and_log(tmp_path: Path) -> None:
    child = start_child(["/no/such/command"], log_path=tmp_path / "log")
    assert child.wait(20) == 1
    assert "FileNotFoundError" in (tmp_path / "log").read_text()


def test_a_short_lived_thread_may_not_start_a_child() -> None:
    seen: list[str] = []

    def start() -> None:
        try:
            start_child(["true"])
        except RuntimeError as error:
            seen.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert seen == ["a child must be started from the main thread: it dies with its thread"]


def test_a_shim_whose_parent_is_gone_starts_nothing(tmp_path: Path) -> None:
    from flashsale.die_with_parent import PARENT_GONE, main

    some_other_parent = str(os.getppid() + 1)
    touched = tmp_path / "touched"
    command = [some_other_parent, "15", "-1", "-1", "watch", "touch", str(touched)]
    assert main(command) == PARENT_GONE
    assert not touched.exists()


def test_a_log_that_has_grown_too_large_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(LOG_BYTES_MAX + 1)
    start_child([sys.executable, "-c", "print('new')"], log_path=log).wait(20)
    assert log.read_text() == "new\n"
    assert (tmp_path / "log.old").stat().st_size == LOG_BYTES_MAX + 1
