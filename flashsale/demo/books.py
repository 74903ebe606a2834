"""The provider's books against ours: every captured payment, one by one."""

import asyncpg
from msgspec import Struct

from flashsale.demo.wire import Wire


class Books(Struct, frozen=True):
    """What the provider says, minor units, and every payment on which we differ, as sentences.

    ``undecided``: captured payments on which we have not ruled.
    """

    captured: int
    undecided: int
    captured_minor: int
    refunded_minor: int
    kept_minor: int
    wrong: tuple[str, ...]


class Captured(Struct, frozen=True):
    """A captured payment as the provider's ledger has it."""

    id: str
    captured_minor: int
    refunded_minor: int


class Ours(Struct, frozen=True):
    """The same payment as we have it, with its order."""

    verdict: str | None
    order_status: str
    total_minor: int
    given_back_minor: int


async def compare_books(provider: Wire, database_url: str) -> Books:
    """Read both sides and compare them. Raises Lost, and what the database raises."""
    ledger = (await provider.call("GET", "/ledger")).json()
    captured = [
        Captured(one["id"], one["captured_minor"], one["refunded_minor"])
        for one in ledger["payments"]
        if one["captured_ms"]
    ]
    ours = await _read_ours(database_url)
    known = {one.id for one in captured}
    wrong = [said for one in captured if (said := judge(one, ours.get(one.id)))]
    wrong += [
        f"{ref} is captured in our books only"
        for ref, one in ours.items()
        if one.verdict is not None and ref not in known
    ]
    return Books(
        captured=len(captured),
        undecided=sum(one.id not in ours or ours[one.id].verdict is None for one in captured),
        captured_minor=sum(one.captured_minor for one in captured),
        refunded_minor=sum(one.refunded_minor for one in captured),
        kept_minor=sum(one.captured_minor - one.refunded_minor for one in captured),
        wrong=tuple(wrong),
    )


def judge(theirs: Captured, ours: Ours | None) -> str | None:
    """Return what is wrong with a captured payment; None when its money ended well."""
    if ours is None:
        return f"{theirs.id} was captured, and we know nothing of it"
    if ours.verdict is None:
        return f"{theirs.id} was captured, and has no verdict"
    if theirs.refunded_minor != ours.given_back_minor:
        return (
            f"{theirs.id}: the provider gave {theirs.refunded_minor} back,"
            f" we count {ours.given_back_minor}"
        )
    if ours.verdict == "refund":
        if theirs.refunded_minor != theirs.captured_minor:
            return f"{theirs.id}: {theirs.refunded_minor} of {theirs.captured_minor} is back"
        return None
    if ours.order_status not in {"PAID", "REFUNDED"}:
        return f"{theirs.id} paid an order that is {ours.order_status}"
    if theirs.captured_minor != ours.total_minor:
        return f"{theirs.id} paid {theirs.captured_minor} for {ours.total_minor}"
    return None


async def _read_ours(database_url: str) -> dict[str, Ours]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT p.provider_ref, p.verdict, o.status, o.total_minor, coalesce((SELECT"
            " sum(r.amount_minor) FROM refunds AS r WHERE r.payment_id = p.id"
            " AND r.status = 'succeeded'), 0)::bigint FROM payments AS p"
            " JOIN orders AS o ON o.id = p.order_id WHERE p.provider = 'simulator'"
            " AND p.provider_ref IS NOT NULL"
        )
    finally:
        await connection.close()
    return {row[0]: Ours(row[1], row[2], row[3], row[4]) for row in rows}
