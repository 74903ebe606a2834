"""Schema versions: up, check, down, up; the frozen SQL says what the models say. # R5"""

import asyncio
import threading

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations.upgrade as versions
from migrations.address import parse
from migrations.checks import REFUSE_TRANSITION, transition_trigger
from migrations.engine import open_engine
from migrations.revise import differences
from migrations.schema import Base
from migrations.settings import DatabaseSettings
from migrations.unfit import WrongSchema
from migrations.upgrade import (
    LOCK_KEY,
    MigrationBusy,
    assert_current,
    current,
    downgrade,
    newest,
    upgrade,
)
from tests.migrations.database_shape import constraint_names, shape
from tests.migrations.test_transitions import MACHINES

PREFIXES = {"c": "ck_", "f": "fk_", "p": "pk_", "u": "uq_"}


def test_up_check_down_up(empty_database_url: str) -> None:
    url = empty_database_url
    upgrade(url)
    first = asyncio.run(shape(url))
    assert current(url) == newest() == "0001"
    assert differences(url) == []
    downgrade(url)
    assert current(url) is None
    assert asyncio.run(shape(url)) == set()
    upgrade(url)
    assert asyncio.run(shape(url)) == first


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    before = asyncio.run(shape(database_url))
    upgrade(database_url)
    assert asyncio.run(shape(database_url)) == before


async def test_the_frozen_sql_makes_what_the_models_and_machines_say(
    empty_database_url: str, database_url: str
) -> None:
    engine = create_async_engine(parse(empty_database_url))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.exec_driver_sql(REFUSE_TRANSITION)
        for table, machine in MACHINES.items():
            await connection.exec_driver_sql(transition_trigger(table, machine))
    await engine.dispose()
    assert await shape(empty_database_url) == await shape(database_url)


async def test_every_name_follows_the_convention(database_url: str) -> None:
    names = await constraint_names(database_url)
    wrong = [n for n, kind in names.items() if not n.startswith(PREFIXES.get(kind, ""))]
    indexes = [n for n, kind in names.items() if kind == "i" and n[:3] not in ("ix_", "uq_", "pk_")]
    assert (wrong, indexes) == ([], [])


async def test_the_store_starts_at_generation_one(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT id, generation FROM store_generation")
    await connection.close()
    assert [tuple(row) for row in rows] == [(1, 1)]


def test_migrators_that_race_all_succeed_and_the_schema_is_made_once(
    empty_database_url: str,
) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            upgrade(empty_database_url)
        except BaseException as error:
            failures.append(error)

    migrators = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in migrators:
        thread.start()
    for thread in migrators:
        thread.join()
    assert failures == []
    assert current(empty_database_url) == newest()


async def test_a_migrator_gives_up_when_another_never_ends(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "LOCK_WAIT_S", 0.2)
    other = await asyncpg.connect(empty_database_url)
    await other.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
    with pytest.raises(MigrationBusy):
        await asyncio.to_thread(upgrade, empty_database_url)
    await other.close()
    assert await asyncio.to_thread(current, empty_database_url) is None


async def test_a_server_accepts_only_its_own_schema_version(database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=database_url))
    await assert_current(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(WrongSchema, match="flashsale migrate") as refused:
        await assert_current(engine)
    await engine.dispose()
    assert (refused.value.found, refused.value.wanted) == ("0000", newest())


async def test_a_server_refuses_a_database_without_a_schema(empty_database_url: str) -> None:
    engine = open_engine(DatabaseSettings(url=empty_database_url))
    with pytest.raises(WrongSchema, match="schema version none"):
        await assert_current(engine)
    await engine.dispose()
