"""`flashsale up`: one JSON line when ready, and the same shop again after whatever happened."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

    def status(self, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return 0

    def me(self, token: str) -> httpx.Response:
        return self.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"})

    def pid_of(self, word: str) -> int | None:
        """The process with this word in its command; Valkey tells its address after its name."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if any(part.endswith(word) for part in " ".join(child.cmdline()).split()):
                    return child.pid
        return None

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


def flashsale(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Another command, in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flashsale.cli", *arguments],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


@contextmanager
def up(data: Path, *more: str) -> Iterator[Up]:
    running = Up(data, *more)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    """One stack with two gateways for all tests that leave it as it was."""
    with (
        tempfile.TemporaryDirectory(prefix="fs-") as name,
        up(Path(name) / "data", "--gateways", "2") as stack,
    ):
        yield stack


def test_the_line_says_where_everything_is(running: Up) -> None:
    assert running.facts["ready"] is True
    assert running.facts["redis_url"].startswith("redis://")
    assert running.http.get("/readyz").status_code == 200
    assert running.me(running.sign_in()).json()["role"] == "admin"


def test_every_promise_can_be_verified_with_two_addresses(running: Up) -> None:
    environment = {name.upper(): running.facts[name] for name in ("database_url", "redis_url")}
    done = flashsale("verify", "--json", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"] is True


def test_a_sale_can_be_run_from_the_command_line(running: Up) -> None:
    token = running.sign_in()
    made = running.http.post(
        "/products",
        json={"name": "Lamp", "price_minor": 1_000, "stock": 20},
        headers={"Authorization": f"Bearer {token}"},
    )
    product = made.json()["id"]
    secrets = Path(running.facts["data"]) / "secrets"
    directly = {
        "DATABASE_URL": running.facts["database_url"],
        "REDIS_URL": running.facts["redis_url"],
        "SECRET_KEY": (secrets / "secret-key").read_text(),
    }
    over_http = {"FLASHSALE_URL": running.facts["url"], "FLASHSALE_TOKEN": token}
    opened = flashsale("sale", "create", "Rush", "--item", f"{product}:5", "--open", **directly)
    assert opened.returncode == 0, opened.stderr
    assert "5 units = 5 available + 0 held + 0 sold" in opened.stdout
    number = opened.stdout.split()[1]
    for word, state in (("pause", "paused"), ("resume", "live"), ("close", "clos")):
        done = flashsale("sale", word, number, **over_http)
        assert done.returncode == 0, done.stderr
        assert state in done.stdout
    assert "Rush" in flashsale("sale", "list", **over_http).stdout
    refused = flashsale("sale", "open", "4711", **over_http)
    assert refused.returncode == 1
    assert "404" in refused.stderr
    stranger = flashsale("sale", "open", number, FLASHSALE_URL=running.facts["url"])
    assert "who are you?" in stranger.stderr


@pytest.mark.parametrize("word", ["gateway", "worker", "flashsale.simulator"])
def test_a_process_that_dies_is_started_again(running: Up, word: str) -> None:
    pid = running.pid_of(word)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    give_up_at = time.monotonic() + 30
    while running.pid_of(word) in {pid, None} or running.status("/readyz") != 200:
        assert time.monotonic() < give_up_at, "nothing came back"
        time.sleep(0.05)


def test_a_port_in_use_is_told(running: Up, short_dir: Path) -> None:
    port = running.facts["url"].rpartition(":")[2]
    second = flashsale("up", "--port", port, "--data", str(short_dir / "other"))
    assert second.returncode == 1
    assert "is in use" in second.stderr
    assert second.stdout == ""


def test_ctrl_c_ends_it_in_order_and_leaves_nobody(short_dir: Path) -> None:
    with up(short_dir / "data") as stack:
        assert stack.stop(signal.SIGINT) == 0
        assert stack.family_is_gone()


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


def test_the_death_of_an_engine_ends_the_stack_with_a_reason(short_dir: Path) -> None:
    running = Up(short_dir / "data")
    pid = running.pid_of("valkey-server")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    _, told = running.process.communicate(timeout=STOP_TIMEOUT_S)
    running.http.close()
    assert running.process.returncode == 1
    assert "an engine ended" in told
    assert "Traceback" not in told
    assert running.family_is_gone()
