"""Winning durable purchases against a row locked in Postgres, plain rates."""

from loadtests.bench.measurement import Bound, Measurement, compare, per_s
from loadtests.bench.purchases import at, buying, enough_units
from loadtests.bench.rounds import interleave
from loadtests.stage.stage import Stage


def measure(stage: Stage) -> Measurement:
    """Plain rates, since the peer mostly waits. Its tables are in a database of their own."""
    on_sale = stage.admin.open_sale(enough_units(stage))
    stage.database.execute("CREATE DATABASE row_lock")
    url = stage.engines.postgres.sqlalchemy_url("row_lock")
    with stage.peer("row_lock", DATABASE_URL=url) as row_lock:
        ours, theirs = interleave(
            stage,
            buying(stage, on_sale),
            at(stage, row_lock),
            count=stage.size.requests,
            theirs_count=stage.size.row_lock_requests,
        )
    return compare(
        ("purchase", ours),
        ("FastAPI, SELECT FOR UPDATE", theirs),
        figure=per_s,
        unit="requests per second",
        bound=Bound("at least", 25),
    )
