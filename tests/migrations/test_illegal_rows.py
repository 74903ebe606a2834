"""Postgres refuses every illegal row, and names the constraint that code branches on."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint

from migrations.schema import Base
from tests.migrations.illegal_rows import FREE, ILLEGAL, NOWHERE
from tests.migrations.legal_rows import LEGAL, fresh_id, insert, insert_all

REFERENCES = [
    (constraint.table.name, constraint.column_keys[-1], str(constraint.name))
    for table in Base.metadata.sorted_tables
    for constraint in table.constraints
    if isinstance(constraint, ForeignKeyConstraint)
]


async def test_every_table_takes_its_legal_row(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await insert_all(connection)
    assert {*LEGAL, "store_generation"} == set(Base.metadata.tables)


@pytest.mark.parametrize(("table", "changes", "constraint"), ILLEGAL)
async def test_an_illegal_row_is_refused_by_its_constraint(
    connection: "asyncpg.Connection[asyncpg.Record]",
    table: str,
    changes: dict[str, Any],
    constraint: str,
) -> None:
    await insert_all(connection)
    if "sale_id" in changes and changes["sale_id"] != 1:
        await insert(connection, "sales", {"id": changes["sale_id"]})
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await insert(connection, table, fresh_id(table) | changes)
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(("table", "column", "constraint"), REFERENCES)
async def test_a_reference_to_nothing_is_refused(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, column: str, constraint: str
) -> None:
    await insert_all(connection)
    nowhere = NOWHERE[Base.metadata.tables[table].c[column].type.python_type]
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await insert(connection, table, fresh_id(table) | FREE.get(table, {}) | {column: nowhere})
    assert refused.value.constraint_name == constraint


def test_every_check_and_unique_has_an_illegal_row() -> None:
    declared: set[str] = set()
    for table in Base.metadata.tables.values():
        kinds = (CheckConstraint, UniqueConstraint)
        declared |= {str(c.name) for c in table.constraints if isinstance(c, kinds)}
        declared |= {str(i.name) for i in table.indexes if i.unique}
    assert declared <= {constraint for _, _, constraint in ILLEGAL}


def test_no_reference_cascades() -> None:
    actions = {
        constraint.ondelete
        for table in Base.metadata.tables.values()
        for constraint in table.foreign_key_constraints
    }
    assert actions == {None}


async def test_two_orders_may_share_an_idempotency_key_because_a_law_watches_it(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await insert_all(connection)
    for _ in range(2):
        await insert(connection, "orders", fresh_id("orders") | {"idempotency_key": "k"})
    assert await connection.fetchval("SELECT count(*) FROM orders WHERE idempotency_key = 'k'") == 2
