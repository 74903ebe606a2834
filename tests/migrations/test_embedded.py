import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from flashsale.processes import start_child
from flashsale.stack.engines import Engines
from migrations import embedded_cluster
from migrations.embedded import EmbeddedPostgres, PostgresSettings
from migrations.embedded_cluster import EngineFailed, find_binaries
from tests.processes import wait_until_gone


def ask(server: EmbeddedPostgres, *statements: str) -> object:
    """Run statements one by one; the first value of the last."""

    async def run() -> object:
        connection = await asyncpg.connect(server.url())
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def kill_all(server: EmbeddedPostgres) -> None:
    """kill -9 the server, whose processes then end by themselves."""
    os.kill(server.pid, signal.SIGKILL)
    assert wait_until_gone([server.pid]) == []


async def test_a_commit_is_on_the_disk_and_the_cluster_is_the_same_everywhere(
    engines: Engines, empty_database_url: str
) -> None:
    connection = await asyncpg.connect(empty_database_url)
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
    }
    found = {name: await connection.fetchval(f"SHOW {name}") for name in wanted}
    assert found == wanted
    assert await connection.fetchval("SELECT lower('ÄÖ')") == "äö"
    assert connection.get_server_version().major >= 17
    await connection.close()
    # The Unix socket leads to the same server, and asks for the password too.
    assert engines.postgres.socket_dir is not None
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host=str(engines.postgres.socket_dir),
            port=engines.postgres.port,
            user="flashsale",
            password="guessed",
        )


def test_data_survives_a_clean_stop_and_a_stale_pid_file_does_not_stop_the_next_start(
    short_dir: Path,
) -> None:
    settings = PostgresSettings(data_dir=short_dir / "data")
    count = (
        "CREATE TABLE IF NOT EXISTS counted (n int)",
        "INSERT INTO counted VALUES (1)",
        "SELECT count(*) FROM counted",
    )
    with EmbeddedPostgres(settings, start_child) as server:
        assert ask(server, *count) == 1
        password = (settings.data_dir / "password").read_text()
    with EmbeddedPostgres(settings, start_child) as server:
        assert ask(server, *count) == 2
        kill_all(server)
    assert (settings.data_dir / "cluster" / "postmaster.pid").exists()
    with EmbeddedPostgres(settings, start_child) as server:
        assert ask(server, *count) == 3
    assert (settings.data_dir / "password").read_text() == password


def test_a_stale_pid_that_now_belongs_to_another_process_does_not_stop_the_next_start(
    short_dir: Path,
) -> None:
    settings = PostgresSettings(data_dir=short_dir / "data")
    with EmbeddedPostgres(settings, start_child) as server:
        kill_all(server)
        lines = (server.cluster / "postmaster.pid").read_text().split("\n")
    user = embedded_cluster.server_user()
    stranger = start_child(["sleep", "60"], user=user)
    lock = settings.data_dir / "cluster" / "postmaster.pid"
    lock.write_text("\n".join([str(stranger.pid), *lines[1:]]))
    try:
        with EmbeddedPostgres(settings, start_child) as server:
            assert ask(server, "SELECT 1") == 1
        assert stranger.alive
    finally:
        stranger.stop()


def test_a_cluster_that_was_half_made_is_not_used(short_dir: Path) -> None:
    (short_dir / "data" / "cluster.halfway").mkdir(parents=True)
    with EmbeddedPostgres(PostgresSettings(data_dir=short_dir / "data"), start_child) as server:
        assert ask(server, "SELECT current_database()") == "flashsale"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_root_runs_it_as_nobody_below_a_folder_that_nobody_may_enter(short_dir: Path) -> None:
    closed = short_dir / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(PostgresSettings(data_dir=closed / "data"), start_child) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert ask(server, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_binaries_below_a_closed_folder_are_copied_to_a_place_that_only_root_can_write(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_dir.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(short_dir))
    monkeypatch.setattr(embedded_cluster, "_can_walk_to", lambda _path, _user: False)
    copied = find_binaries("nobody")
    assert copied.is_relative_to(short_dir)
    assert find_binaries("nobody") == copied
    with EmbeddedPostgres(PostgresSettings(data_dir=short_dir / "data"), start_child) as server:
        assert Path(f"/proc/{server.pid}/exe").resolve().is_relative_to(copied)
    copied.parents[2].chmod(0o777)
    with pytest.raises(EngineFailed, match="not ours"):
        find_binaries("nobody")


@pytest.mark.skipif(sys.platform != "linux", reason="fails by a folder in the way")
def test_a_server_that_cannot_start_shows_its_log(short_dir: Path) -> None:
    settings = PostgresSettings(data_dir=short_dir / "data")
    with EmbeddedPostgres(settings, start_child) as server:
        (server.cluster / "pg_hba.conf").write_text("nonsense\n")
    with pytest.raises(EngineFailed, match=r"pg_hba\.conf"):
        EmbeddedPostgres(settings, start_child).__enter__()
