"""The peers in Postgres do the work that they are measured for."""

import asyncio
from pathlib import Path

import asyncpg

from flashsale.stack.engines import Engines
from loadtests.bench.purchases import at
from loadtests.peers.plain_insert import Inserts, run_inserts
from loadtests.stage.buyers import Buyers, insert_buyers
from loadtests.stage.database import Database
from loadtests.stage.sizes import SIZES
from loadtests.stage.stage import Stage


def test_plain_inserts_write_orders_lines_and_journal(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    try:
        buyers = insert_buyers(database, 30, "s" * 48)
        product_id = database.value(
            "INSERT INTO products (name, price_minor) VALUES ('bench', 1999) RETURNING id"
        )
        sale_id = database.value("INSERT INTO sales (name) VALUES ('bench') RETURNING id")
        inserts = Inserts(database_url, sale_id, product_id, buyers.take(30))
        done = run_inserts(inserts, tmp_path / "log")
        assert done.wall_s > 0
        tables = ("orders", "order_lines", "journal")
        assert [database.value(f"SELECT count(*) FROM {each}") for each in tables] == [30] * 3
        users = database.value("SELECT count(DISTINCT user_id) FROM orders")
        assert users == 30
    finally:
        database.close()


def test_the_row_lock_takes_one_unit_for_each_order(
    engines: Engines, empty_database_url: str
) -> None:
    url = empty_database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    with Stage(SIZES["small"], lambda _: None) as stage:
        stage.buyers = Buyers(first_id=1, count=100, secret_key=stage.secret_key)
        with stage.peer("row_lock", DATABASE_URL=url) as peer:
            assert at(stage, peer)(100).done == 100
    counts = asyncio.run(_counts(empty_database_url))
    assert counts == (100, 100, 1_000_000 - 100)


async def _counts(url: str) -> tuple[int, int, int]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM orders), (SELECT sum(quantity) FROM order_lines)::bigint,"
            " (SELECT stock FROM products)"
        )
        assert row is not None
        return row[0], row[1], row[2]
    finally:
        await connection.close()
