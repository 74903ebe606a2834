"""`flashsale up`: one JSON line when ready, and the same shop again after whatever happened."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

ROOT = Path(__file__).parents[3]
PORT_ANY = "0"
STOP_TIMEOUT_S = 60.0

pytestmark = pytest.mark.timeout(180)


class Up:
    """A running `flashsale up`."""

    def __init__(self, data: Path, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flashsale.cli", "up", "--port", PORT_ANY,
             "--data", str(data), *more],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.facts: dict[str, Any] = json.loads(line)
        self.family = psutil.Process(self.process.pid).children(recursive=True)
        self.http = httpx.Client(base_url=self.facts["url"], timeout=10, trust_env=False)

    def sign_in(self) -> str:
        answer = self.http.post(
            "/auth/login",
            json={
                "email": self.facts["admin_email"],
                "password": self.facts["admin_password"],
            },
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def me(self, token: str) -> httpx.Response:
        return self.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"})

    def pid_of(self, *words: str) -> int:
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if all(word in child.cmdline() for word in words):
                return child.pid
        raise AssertionError(f"no child runs {words}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.http.close()
        self.process.send_signal(number)
        code = self.process.wait(STOP_TIMEOUT_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def family_is_gone(self) -> bool:
        _, alive = psutil.wait_procs(self.family, timeout=30)
        return not alive


@contextmanager
def up(data: Path, *more: str) -> Iterator[Up]:
    running = Up(data, *more)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def test_the_line_says_where_everything_is(short_dir: Path) -> None:
    with up(short_dir / "data", "--gateways", "2") as running:
        facts = running.facts
        assert facts["ready"] is True
        assert facts["redis_url"].startswith("redis://")
        assert running.http.get("/readyz").status_code == 200
        assert running.me(running.sign_in()).json()["role"] == "admin"
        environment = {name.upper(): facts[name] for name in ("database_url", "redis_url")}
        verified = subprocess.run(
            [sys.executable, "-m", "flashsale.cli", "verify", "--json"],
            cwd=ROOT, env={**os.environ, **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert json.loads(verified.stdout)["ok"] is True
        assert running.stop(signal.SIGINT) == 0
        assert running.family_is_gone()


@pytest.mark.parametrize("everything", [False, True], ids=["parent", "everything"])
def test_a_killed_stack_goes_on_where_it_was(short_dir: Path, everything: bool) -> None:
    with up(short_dir / "data") as first:
        token = first.sign_in()
        if everything:
            for child in first.family:
                child.kill()
        first.stop(signal.SIGKILL)
        assert first.family_is_gone()
    with up(short_dir / "data") as second:
        for name in ("admin_email", "admin_password"):
            assert second.facts[name] == first.facts[name]
        assert second.me(token).status_code == 200
        second.sign_in()


@pytest.mark.parametrize("words", [("gateway",), ("worker",), ("flashsale.simulator",)])
def test_a_process_that_dies_is_started_again(short_dir: Path, words: tuple[str]) -> None:
    with up(short_dir / "data") as running:
        pid = running.pid_of(*words)
        os.kill(pid, signal.SIGKILL)
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            try:
                if running.pid_of(*words) != pid and running.http.get("/readyz").is_success:
                    return
            except (AssertionError, psutil.Error):
                pass
            time.sleep(0.05)
        raise AssertionError("nothing came back")


def test_the_death_of_an_engine_ends_the_stack_with_a_reason(short_dir: Path) -> None:
    running = Up(short_dir / "data")
    os.kill(running.pid_of(str(short_dir / "data" / "valkey" / "valkey.conf")), signal.SIGKILL)
    _, told = running.process.communicate(timeout=STOP_TIMEOUT_S)
    running.http.close()
    assert running.process.returncode == 1
    assert "an engine ended" in told
    assert "Traceback" not in told
    assert running.family_is_gone()


def test_a_port_in_use_is_told(short_dir: Path) -> None:
    with up(short_dir / "data") as running:
        port = running.facts["url"].rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", "flashsale.cli", "up", "--port", port,
             "--data", str(short_dir / "other")],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert second.returncode == 1
        assert "is in use" in second.stderr
        assert second.stdout == ""
