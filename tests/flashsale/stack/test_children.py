"""Children of the stack are waited for, started again when they die, and stopped in order."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from flashsale.stack.children import ChildFailed, Children, Spec

TOUCH_THEN_SLEEP = (
    "import os, pathlib, sys, time;"
    "pathlib.Path(sys.argv[1]).write_text(str(os.getpid()));"
    "time.sleep(600)"
)
TELL_THE_END = (
    "import pathlib, signal, sys, time\n"
    "def end(*_):\n"
    "    with open(sys.argv[1], 'a') as log: log.write(sys.argv[2])\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "pathlib.Path(sys.argv[3]).touch()\n"
    "time.sleep(600)\n"
)


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def spec(
    name: str, command: list[str], ready: Path | None = None, ready_timeout_s: float = 30
) -> Spec:
    return Spec(
        name=name,
        command=command,
        env=dict(os.environ),
        ready=lambda: ready is None or (ready.exists() and ready.read_text() != ""),
        ready_timeout_s=ready_timeout_s,
    )


def test_ready_means_ready(tmp_path: Path) -> None:
    children, marker = Children(tmp_path, print), tmp_path / "marker"
    with children.started([spec("one", python(TOUCH_THEN_SLEEP, str(marker)), marker)]):
        children.wait_ready()
        assert marker.exists()


def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    children = Children(tmp_path, print)
    broken = spec("broken", python("raise SystemExit('no such thing')"), tmp_path / "never")
    with (
        pytest.raises(ChildFailed, match=r"broken ended with 1 .*\n.*no such thing"),
        children.started([broken]),
    ):
        children.wait_ready()


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    children = Children(tmp_path, print)
    slow = spec(
        "slow", python("import time; time.sleep(600)"), tmp_path / "never", ready_timeout_s=0.3
    )
    with (
        pytest.raises(ChildFailed, match=r"slow is not ready after 0\.3 s"),
        children.started([slow]),
    ):
        children.wait_ready()


def test_a_child_that_dies_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    told: list[str] = []
    children, marker = Children(tmp_path, told.append), tmp_path / "marker"
    with children.started([spec("one", python(TOUCH_THEN_SLEEP, str(marker)), marker)]):
        children.wait_ready()
        for _ in range(2):
            pid = int(marker.read_text())
            marker.write_text("")
            os.kill(pid, signal.SIGKILL)
            give_up_at = time.monotonic() + 20
            while not marker.read_text():
                assert time.monotonic() < give_up_at
                children.revive()
                time.sleep(0.01)
            assert int(marker.read_text()) != pid
    assert [line.rpartition("again in ")[2] for line in told] == ["0.2 s", "0.4 s"]
    assert "one ended with -9" in told[0]


def test_groups_are_stopped_in_the_opposite_order(tmp_path: Path) -> None:
    children, log = Children(tmp_path, print), tmp_path / "log"
    markers = [tmp_path / name for name in "abc"]
    a, b, c = (
        Spec(
            name=marker.name,
            command=python(TELL_THE_END, str(log), marker.name, str(marker)),
            env=dict(os.environ),
            ready=marker.exists,
        )
        for marker in markers
    )
    with children.started([a]), children.started([b]), children.started([c]):
        children.wait_ready()
    assert log.read_text() == "cba"


def test_a_task_that_fails_is_told(tmp_path: Path) -> None:
    children = Children(tmp_path, print)
    children.run_to_end(spec("fine", python("pass")))
    with pytest.raises(ChildFailed, match="bad ended with 3"):
        children.run_to_end(spec("bad", python("raise SystemExit(3)")))
    with pytest.raises(ChildFailed, match=r"slow took more than 0\.2 s"):
        children.run_to_end(
            spec("slow", python("import time; time.sleep(600)"), ready_timeout_s=0.2)
        )
