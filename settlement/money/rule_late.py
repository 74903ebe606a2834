"""Money for a hold that is gone: its units are taken again, or it goes back, once."""

from typing import Final, TypeAlias

import structlog
import uuid_utils.compat as uuids

from lua import confirm, outcomes
from lua.refuse import refuse
from lua.retake import Live, retake
from migrations.engine import raw_connection
from settlement.money.context import Connection, Money
from settlement.money.due import Due, LateFacts, read_late
from settlement.money.rules import cause_when_over

log = structlog.get_logger(__name__)

Ruled: TypeAlias = outcomes.Confirmed | outcomes.Retaken | outcomes.Refund | outcomes.Closed

TURNS_MAX: Final = 3
"""Between a hold that is gone and one that lives: it turns once in practice, when Postgres lags."""


async def rule_late(money: Money, due: Due, *, forgotten: bool) -> Ruled:
    """Rule on money for a hold that is over.

    ``forgotten``: the store has no record of the order, so its end is known to Postgres alone.
    Closed also when the store should still know the order: it is behind, recovery will see.
    Raises StoreUnreachable, ScriptFailed, UnknownAnswer, and what the database raises.
    """
    async with raw_connection(money.engine) as connection:
        late = await read_late(connection, due.order_id)
    if forgotten and late.status == "PENDING":
        log.error("order_not_in_store", order=due.order_id, lane=due.base)
        return outcomes.Closed("behind")
    if _is_decided(late, forgotten=forgotten):
        cause = cause_when_over(late.status, went_back=late.went_back)
        return await refuse(money.store, due.base, due.order_id, due.payment_id, cause)
    for _ in range(TURNS_MAX):
        taken = await retake(money.store, due.base, late.order, due.payment_id)
        if not isinstance(taken, Live):
            return taken
        found = await confirm.confirm(money.store, due.base, due.order_id, due.payment_id)
        if not isinstance(found, confirm.Gone | outcomes.Unknown):
            return found
    return outcomes.Closed("turning")


def _is_decided(late: LateFacts, *, forgotten: bool) -> bool:
    """Whether Postgres alone knows that no unit may be taken for this order again."""
    return forgotten and (late.status in {"PAID", "CANCELLED", "REFUNDED"} or late.went_back)


async def rule_forgotten(money: Money, due: Due, *, mismatch: bool) -> outcomes.Refund:
    """Send money back for an order whose whole lane the store has dropped after its sale.

    There is no journal to write to, so verdict and refund are written here, in one transaction and
    once. Raises what the database raises.
    """
    async with raw_connection(money.engine) as connection:
        late = await read_late(connection, due.order_id)
        cause = "mismatch" if mismatch else cause_when_over(late.status, went_back=late.went_back)
        async with connection.transaction():
            if await _write_verdict(connection, due.payment_id, cause):
                await _request_refund(connection, due.payment_id, cause)
    return outcomes.Refund(cause)


async def _write_verdict(connection: Connection, payment_id: str, cause: str) -> bool:
    """Give the payment its first verdict; False when it has one."""
    status = await connection.execute(
        "UPDATE payments SET status = 'SUCCEEDED', verdict = 'refund', verdict_reason = $2,"
        " succeeded_at = now(), updated_at = now() WHERE id = $1 AND verdict IS NULL",
        payment_id,
        cause,
    )
    return bool(status == "UPDATE 1")


async def _request_refund(connection: Connection, payment_id: str, cause: str) -> None:
    await connection.execute(
        "INSERT INTO refunds (id, payment_id, order_id, amount_minor, currency, cause, status,"
        " idempotency_key, next_attempt_at) SELECT $1, id, order_id, amount_minor, currency, $3,"
        " 'requested', 'refund:' || id || ':' || $3::text, now() FROM payments WHERE id = $2"
        " ON CONFLICT DO NOTHING",
        str(uuids.uuid7()),
        payment_id,
        cause,
    )
