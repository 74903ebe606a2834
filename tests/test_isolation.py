"""Two runs of each test: whatever the first leaves behind, the second must not see."""

import asyncpg
import pytest
import redis.asyncio


@pytest.mark.parametrize("run", [1, 2])
async def test_each_test_finds_an_empty_valkey(valkey: "redis.asyncio.Redis", run: int) -> None:
    assert await valkey.dbsize() == 0
    sha = await valkey.script_load("return 'left behind by every run'")
    await valkey.set("left", "behind")
    assert await valkey.script_exists(sha) == [True]


async def test_no_script_of_another_test_is_loaded(valkey: "redis.asyncio.Redis") -> None:
    info = await valkey.info("memory")
    assert info["number_of_cached_scripts"] == 0


@pytest.mark.parametrize("run", [1, 2])
async def test_each_test_finds_a_migrated_database_of_its_own(database_url: str, run: int) -> None:
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    await connection.execute("CREATE TABLE left_behind (n int)")
    await connection.close()


async def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    tables = await connection.fetchval(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    )
    assert tables == 0
    await connection.close()
