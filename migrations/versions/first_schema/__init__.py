"""The SQL of revision 0001, by subject, in the order in which it runs."""

from migrations.versions.first_schema import (
    audit,
    catalogue,
    journal,
    money,
    moves,
    orders,
    people,
    sales,
    transitions,
)

ROOMS = (people, catalogue, sales, orders, money, moves, journal, audit)

UP = tuple(text for room in (*ROOMS, transitions) for text in room.STATEMENTS)
DOWN = (
    *(f"DROP TABLE {table}" for room in reversed(ROOMS) for table in reversed(room.TABLES)),
    "DROP FUNCTION refuse_transition()",
)
