"""What a database looks like from its own catalogue, as text that can be compared."""

import asyncpg

COLUMNS = """
SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || ' ' || a.attidentity::text
    || a.attgenerated::text || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
"""
CONSTRAINTS = """
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
FUNCTIONS = """
SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
STORAGE = """
SELECT relname || ' ' || coalesce(reloptions::text, '') FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


async def shape(url: str) -> set[str]:
    """Every column, constraint, index, trigger, function and table but Alembic's own."""
    connection = await asyncpg.connect(url)
    try:
        found: set[str] = set()
        for query in (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS, STORAGE):
            found |= {str(row[0]) for row in await connection.fetch(query)}
    finally:
        await connection.close()
    return {line for line in found if "alembic_version" not in line}


async def constraint_names(url: str) -> dict[str, str]:
    """Name of each constraint and index, with its kind: c, f, p, u, n (pg_constraint), or i."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT conname::text AS name, contype::text AS kind FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND contype <> 't'"
            " UNION ALL SELECT indexname::text, 'i' FROM pg_indexes WHERE schemaname = 'public'"
        )
    finally:
        await connection.close()
    return {row["name"]: row["kind"] for row in rows if "alembic_version" not in row["name"]}
