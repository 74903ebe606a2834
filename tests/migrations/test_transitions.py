"""The triggers agree with the machines: every pair of states, of every guarded table."""

import itertools
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from migrations.checks import trigger_name
from migrations.states import (
    ORDER_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    reachable,
)
from tests.migrations.legal_rows import insert_all

MACHINES: dict[str, Mapping[Any, tuple[Any, ...]]] = {
    "orders": ORDER_TRANSITIONS,
    "payments": PAYMENT_TRANSITIONS,
    "refunds": REFUND_TRANSITIONS,
}
HOLD = ", hold_state = CASE $1 WHEN 'PENDING' THEN 'HELD' END"
"""Set with the status of an order, so that only the transition can be at fault."""


@pytest.mark.parametrize("table", MACHINES)
async def test_an_update_may_go_where_the_machine_leads_and_nowhere_else(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str
) -> None:
    await insert_all(connection)
    machine = MACHINES[table]
    accepted = {
        pair
        for pair in itertools.permutations(machine, 2)
        if await _moves(connection, table, *pair)
    }
    assert accepted == reachable(machine)


@pytest.mark.parametrize("table", MACHINES)
async def test_writing_the_same_state_again_is_no_transition(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str
) -> None:
    await insert_all(connection)
    for state in MACHINES[table]:
        assert await _moves(connection, table, state, state)


async def test_the_refusal_reads_like_a_violated_check(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await insert_all(connection)
    await connection.execute("UPDATE orders SET status = 'REFUNDED', hold_state = NULL")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("UPDATE orders SET status = 'PAID'")
    assert refused.value.sqlstate == "23514"
    assert refused.value.constraint_name == "ck_orders_transition"
    assert refused.value.table_name == "orders"


async def _moves(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, start: str, end: str
) -> bool:
    """True if Postgres lets the row go from `start` to `end`; nothing is kept."""
    change = f"UPDATE {table} SET status = $1{HOLD if table == 'orders' else ''}"
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger_name(table)}")
        await connection.execute(change, start)
        await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger_name(table)}")
        await connection.execute(change, end)
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name != trigger_name(table):
            raise
        return False
    finally:
        await attempt.rollback()
    return True
