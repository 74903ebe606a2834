"""CPU seconds are those of the process that is named."""

import os
import subprocess
import sys
import time

import pytest

from loadtests.accounting import cpu_s, measured

BURN = (
    "import sys, time\n"
    "while time.process_time() < 0.3: pass\n"
    "print('burnt', flush=True)\n"
    "sys.stdin.read()\n"
)


def test_a_busy_process_is_charged_what_it_used_and_not_what_it_slept() -> None:
    command = [sys.executable, "-c", BURN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        with measured(child.pid) as busy:
            child.stdout.readline()
        with measured(child.pid) as idle:
            time.sleep(0.1)
        child.communicate()
    assert 0.2 < busy.cpu_s < 0.6
    assert idle.cpu_s < 0.05


def test_it_agrees_with_what_a_process_knows_of_itself() -> None:
    before_s, found_s = time.process_time(), cpu_s(os.getpid())
    assert before_s <= found_s + 0.02
    assert found_s <= time.process_time() + 0.02


def test_a_process_that_is_gone_has_no_books() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with pytest.raises(ProcessLookupError):
        cpu_s(child.pid)
