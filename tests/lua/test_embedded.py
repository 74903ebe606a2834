import os
import signal
from pathlib import Path

import pytest
import redis
import redis.asyncio

from flashsale.processes import start_child
from lua.embedded import SOCKET_PATH_BYTES_MAX, EmbeddedValkey
from lua.embedded_config import EngineFailed, ValkeySettings, find_binary
from tests.processes import wait_until_gone


async def test_an_acknowledged_write_is_on_the_disk_and_nothing_is_forgotten_when_memory_is_full(
    valkey: "redis.asyncio.Redis",
) -> None:
    wanted = {
        "appendonly": "yes",
        "appendfsync": "always",
        "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
        "save": "",
    }
    assert {name: (await valkey.config_get(name))[name] for name in wanted} == wanted


def test_data_survives_a_clean_stop_and_kill_9(short_dir: Path) -> None:
    settings = ValkeySettings(data_dir=short_dir / "data", password='with "quotes" and spaces')
    for counted, end in enumerate([signal.SIGTERM, signal.SIGKILL, signal.SIGTERM], start=1):
        with EmbeddedValkey(settings, start_child) as server:
            with redis.Redis.from_url(server.url) as client:
                assert client.incr("counted") == counted
            os.kill(server.pid, end)
            assert wait_until_gone([server.pid]) == []


def test_it_listens_by_tcp_only_when_asked(short_dir: Path) -> None:
    with (
        EmbeddedValkey(ValkeySettings(data_dir=short_dir), start_child) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        assert client.config_get("port") == {"port": "0"}
        with pytest.raises(RuntimeError, match="Unix socket only"):
            _ = server.tcp_url


def test_a_data_directory_too_deep_for_a_socket_gets_one_elsewhere(short_dir: Path) -> None:
    deep = short_dir / ("d" * 120)
    server = EmbeddedValkey(ValkeySettings(data_dir=deep), start_child)
    with server:
        assert len(os.fsencode(server.socket_path)) <= SOCKET_PATH_BYTES_MAX
        assert server.alive
    assert not server.socket_path.parent.exists()


def test_a_socket_path_that_was_given_and_is_too_long_is_refused(short_dir: Path) -> None:
    path = short_dir / ("s" * 120)
    server = EmbeddedValkey(ValkeySettings(data_dir=short_dir, socket_path=path), start_child)
    with pytest.raises(ValueError, match="at most"):
        server.start()


def test_a_server_that_cannot_start_shows_its_log(short_dir: Path) -> None:
    (short_dir / "appendonlydir").write_text("in the way")
    server = EmbeddedValkey(ValkeySettings(data_dir=short_dir), start_child)
    with pytest.raises(EngineFailed, match="appendonlydir"), server:
        pass


def test_another_binary_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHSALE_VALKEY_SERVER", "/opt/redis/redis-server")
    assert find_binary() == Path("/opt/redis/redis-server")


def test_the_configuration_with_its_password_is_private(short_dir: Path) -> None:
    settings = ValkeySettings(data_dir=short_dir / "data", password="hidden")
    with EmbeddedValkey(settings, start_child):
        assert (short_dir / "data" / "valkey.conf").stat().st_mode & 0o077 == 0


def test_a_line_end_cannot_get_into_the_configuration(short_dir: Path) -> None:
    settings = ValkeySettings(data_dir=short_dir, password="x\nappendfsync no")
    with pytest.raises(ValueError, match="not fit"):
        EmbeddedValkey(settings, start_child).start()
