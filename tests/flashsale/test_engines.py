import json
import os
import signal
from pathlib import Path

import asyncpg
import pytest
import redis

from flashsale.stack.data_dir import DataDirInUse, open_data_dir
from flashsale.stack.engines import EngineDied, Engines, start_engines
from tests.processes import Script, is_gone, wait_until_gone

ROOT = Path(__file__).parents[2]
# What `flashsale up` does with its engines; puts a number into each and tells where they are.
STACK = """
import asyncio, json, sys
from pathlib import Path
import asyncpg, redis
from flashsale.stack.engines import start_engines
from flashsale.stack.signals import stopped_by_signals

async def count(url):
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS counted (n int)")
    await connection.execute("INSERT INTO counted VALUES (1)")
    n = await connection.fetchval("SELECT count(*) FROM counted")
    await connection.close()
    return n

with stopped_by_signals(), start_engines(Path(sys.argv[1]) if sys.argv[1] else None) as engines:
    print(json.dumps({
        "pids": [engines.valkey.pid, engines.queue.pid, engines.postgres.pid],
        "path": str(engines.data_dir.path),
        "secret": engines.data_dir.secret("token-key"),
        "valkey": redis.Redis.from_url(engines.valkey.url).incr("counted"),
        "queue": redis.Redis.from_url(engines.queue.url).incr("counted"),
        "postgres": asyncio.run(count(engines.postgres.url())),
    }), flush=True)
    engines.watch()
"""


class Stack:
    def __init__(self, path: Path | None) -> None:
        self._script = Script(STACK, "" if path is None else str(path), cwd=ROOT)
        told = json.loads(self._script.first_line)
        self.pids: list[int] = told["pids"]
        self.path = Path(told["path"])
        self.secret: str = told["secret"]
        self.counted = (told["valkey"], told["queue"], told["postgres"])

    def end(self, number: int) -> int:
        return self._script.end(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_clean_stop_keeps_the_data_and_leaves_no_process(
    short_dir: Path, number: signal.Signals
) -> None:
    first = Stack(short_dir / "data")
    assert first.counted == (1, 1, 1)
    assert first.end(number) == 0
    assert all(is_gone(pid) for pid in first.pids)
    second = Stack(short_dir / "data")
    assert second.counted == (2, 2, 2)
    assert second.secret == first.secret
    assert second.end(number) == 0


def test_a_parent_killed_with_kill_9_takes_its_engines_along_and_the_next_start_reads_their_data(
    short_dir: Path,
) -> None:
    first = Stack(short_dir / "data")
    first.end(signal.SIGKILL)
    second = Stack(short_dir / "data")  # waits for the lock, which the dying engines hold
    assert second.counted == (2, 2, 2)
    assert wait_until_gone(first.pids) == []
    second.end(signal.SIGTERM)


def test_everything_killed_with_kill_9_loses_nothing(short_dir: Path) -> None:
    first = Stack(short_dir / "data")
    for pid in first.pids:
        os.kill(pid, signal.SIGKILL)
    first.end(signal.SIGKILL)
    second = Stack(short_dir / "data")
    assert second.counted == (2, 2, 2)
    second.end(signal.SIGTERM)


def test_without_a_directory_nothing_is_left_behind() -> None:
    stack = Stack(None)
    assert stack.path.exists()
    assert stack.end(signal.SIGINT) == 0
    assert not stack.path.exists()


def test_it_works_at_a_deep_path_below_a_closed_folder(short_dir: Path) -> None:
    closed = short_dir / "closed"
    closed.mkdir(mode=0o700)
    deep = closed / ("a long name " * 10)
    with start_engines(deep) as engines:
        engines.check()
        assert engines.postgres.socket_dir is None
        client = redis.Redis.from_url(engines.valkey.url)
        assert client.ping()
        client.close()


def test_two_stacks_cannot_share_a_directory(short_dir: Path) -> None:
    with (
        open_data_dir(short_dir),
        pytest.raises(DataDirInUse),
        open_data_dir(short_dir, lock_timeout_s=0.1),
    ):
        pass


def test_secrets_are_private_and_stay_the_same(short_dir: Path) -> None:
    with open_data_dir(short_dir) as data_dir:
        first = data_dir.secret("token-key")
        assert data_dir.secret("token-key") == first
        assert data_dir.secret("other") != first
        assert len(first) >= 32
        mode = (short_dir / "secrets" / "token-key").stat().st_mode
        assert mode & 0o077 == 0


def test_the_death_of_an_engine_is_noticed(short_dir: Path) -> None:
    with start_engines(short_dir / "data") as engines:
        engines.check()
        os.kill(engines.queue.pid, signal.SIGKILL)
        with pytest.raises(EngineDied, match=r"queue/server\.log"):
            engines.watch()


async def test_every_engine_asks_for_its_password(engines: Engines) -> None:
    client = redis.asyncio.Redis.from_url(f"redis://127.0.0.1:{engines.valkey.settings.port}")
    with pytest.raises(redis.exceptions.AuthenticationError):
        await client.ping()
    await client.aclose()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1", port=engines.postgres.port, user="flashsale", password="guessed"
        )
