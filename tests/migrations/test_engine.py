"""The pool against a real server. # R4"""

import asyncio
import contextlib
import logging

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import migrations.connect
from migrations.connect import TRIES_MAX, connect_with_retry
from migrations.engine import assert_durable, open_engine, pool_use, raw_connection
from migrations.settings import DatabaseSettings
from migrations.unfit import NotDurable


async def _set(url: str, setting: str, value: str) -> None:
    connection = await asyncpg.connect(url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f'ALTER DATABASE "{name}" SET {setting} = {value}')
    await connection.close()


async def test_a_connection_carries_its_server_settings(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url, transaction_timeout_s=4.5))
    async with engine.connect() as connection:
        shown = [
            await connection.scalar(text(f"SHOW {name}"))
            for name in ("transaction_timeout", "application_name", "timezone")
        ]
    await engine.dispose()
    assert shown == ["4500ms", "flashsale", "UTC"]


async def test_a_durable_server_is_accepted(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url))
    await assert_durable(engine)
    await engine.dispose()


async def test_a_server_that_may_lose_commits_is_refused_by_the_setting(database_url: str) -> None:
    await _set(database_url, "synchronous_commit", "off")
    engine = open_engine(DatabaseSettings(url=database_url))
    with pytest.raises(NotDurable, match="synchronous_commit") as refused:
        await assert_durable(engine)
    await engine.dispose()
    assert (refused.value.setting, refused.value.found) == ("synchronous_commit", "off")


async def test_a_transaction_that_takes_too_long_is_ended_by_the_server(database_url: str) -> None:
    settings = DatabaseSettings(url=database_url, transaction_timeout_s=0.2, slow_query_ms=100)
    engine = open_engine(settings)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT pg_sleep(5)"))
        await connection.invalidate()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()


async def test_a_read_engine_writes_nothing(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url), read_only=True)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("DELETE FROM law_runs"))
    await engine.dispose()


async def test_a_slow_query_is_logged_without_its_parameters(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(DatabaseSettings(url=database_url, slow_query_ms=20))
    with caplog.at_level(logging.DEBUG, "migrations.slow_queries"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            await connection.execute(
                text("SELECT pg_sleep(0.03), CAST(:word AS text)"), {"word": "s3cret"}
            )
        async with raw_connection(engine) as raw:
            await raw.fetchval("SELECT pg_sleep(0.03), $1::text", "s3cret")
            await asyncio.sleep(0)
    await engine.dispose()
    assert [record.message for record in caplog.records] == ["slow query", "slow query"]
    assert "s3cret" not in str([vars(record) for record in caplog.records])


async def test_every_query_is_logged_under_debug(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(DatabaseSettings(url=database_url, debug=True))
    with caplog.at_level(logging.DEBUG, "migrations.slow_queries"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 41"))
    await engine.dispose()
    assert "SELECT 41" in [vars(record).get("statement") for record in caplog.records]


async def test_the_raw_connection_writes_sets_and_commits(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url))
    async with raw_connection(engine) as raw, raw.transaction():
        await raw.execute(
            "INSERT INTO login_attempts (email_key) SELECT unnest($1::text[])", ["a", "b"]
        )
    async with engine.connect() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM login_attempts"))
    assert count == 2
    assert pool_use(engine).in_use == 0
    await engine.dispose()


@pytest.mark.parametrize("fails", [False, True])
async def test_a_raw_transaction_left_open_never_reaches_the_next_user(
    database_url: str, fails: bool
) -> None:
    engine = open_engine(DatabaseSettings(url=database_url, pool_size=1, max_overflow=0))
    with pytest.raises(LookupError) if fails else contextlib.nullcontext():
        async with raw_connection(engine) as raw:
            await raw.execute("BEGIN; INSERT INTO login_attempts (email_key) VALUES ('a')")
            if fails:
                raise LookupError
    async with raw_connection(engine) as raw:
        assert not raw.is_in_transaction()
        assert await raw.fetchval("SELECT count(*) FROM login_attempts") == 0
    await engine.dispose()


async def test_a_dead_connection_is_replaced_before_it_is_used(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url, pool_size=1, max_overflow=0))
    async with raw_connection(engine) as raw:
        pid = await raw.fetchval("SELECT pg_backend_pid()")
    killer = await asyncpg.connect(database_url)
    await killer.execute("SELECT pg_terminate_backend($1)", pid)
    await killer.close()
    async with raw_connection(engine) as raw:
        assert await raw.fetchval("SELECT pg_backend_pid()") != pid
    await engine.dispose()


async def test_connecting_tries_again_while_a_server_starts(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncpg.connect
    refusals = [asyncpg.CannotConnectNowError("starting up"), ConnectionRefusedError()]

    async def flaky(url: str) -> object:
        if refusals:
            raise refusals.pop()
        return await real(url)

    monkeypatch.setattr(migrations.connect, "PAUSE_S", 0.001)
    monkeypatch.setattr("migrations.connect.asyncpg.connect", flaky)
    connection = await connect_with_retry(database_url)
    await connection.close()
    assert refusals == []


async def test_connecting_gives_up_after_its_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    async def refused() -> None:
        tries.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr(migrations.connect, "PAUSE_S", 0.001)
    monkeypatch.setattr("migrations.connect.asyncpg.connect", refused)
    with pytest.raises(ConnectionRefusedError):
        await connect_with_retry()
    assert len(tries) == TRIES_MAX


async def test_a_server_that_is_too_old_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def too_old() -> None:
        raise asyncpg.UndefinedObjectError(
            'unrecognized configuration parameter "transaction_timeout"'
        )

    monkeypatch.setattr("migrations.connect.asyncpg.connect", too_old)
    with pytest.raises(NotDurable, match="17 or newer"):
        await connect_with_retry()
