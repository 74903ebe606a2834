"""The CHECKs and triggers that several tables share, as SQL text made from plain data."""

from collections.abc import Iterable, Mapping

from sqlalchemy import CheckConstraint

from migrations.states import State, reachable

REFUSE_TRANSITION = """\
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: % may not become %', TG_TABLE_NAME, OLD.status, NEW.status
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              COLUMN = 'status', CONSTRAINT = TG_NAME;
END
$$"""
"""Called only for an illegal step; the error reads like a violated CHECK named as the trigger."""


def listed(values: Iterable[str]) -> str:
    """`'a', 'b'`: the values as an SQL list. They come from `states`, never from a request."""
    return ", ".join(f"'{value}'" for value in values)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A CHECK, named as the column, that allows only these words (and NULL, if nullable)."""
    return CheckConstraint(f"{column} IN ({listed(values)})", name=column)


def currency_code(column: str = "currency") -> CheckConstraint:
    """A CHECK for the shape of an ISO 4217 code; which currencies are sold is not ours."""
    return CheckConstraint(f"{column} ~ '^[A-Z]{{3}}$'", name=column)


def transition_trigger(table: str, machine: Mapping[State, tuple[State, ...]]) -> str:
    """`CREATE TRIGGER` that refuses an update of `status` which the machine cannot reach.

    The pairs stand in the WHEN clause, so a legal update never calls a function: settling a
    batch of ten thousand rows pays for one comparison a row.
    """
    pairs = ", ".join(f"'{start}>{end}'" for start, end in sorted(reachable(machine)))
    return (
        f"CREATE TRIGGER {trigger_name(table)} BEFORE UPDATE OF status ON {table}\n"
        "    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status\n"
        f"        AND OLD.status || '>' || NEW.status <> ALL (ARRAY[{pairs}]))\n"
        "    EXECUTE FUNCTION refuse_transition()"
    )


def trigger_name(table: str) -> str:
    """The trigger's name, which is also the constraint name of the error it raises."""
    return f"ck_{table}_transition"
