"""SQL of the inbox: every webhook with a good signature, once per provider and event."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from migrations.states import WebhookState
from settlement.money.context import Connection
from settlement.money.due import COLUMNS, Due, due_of
from settlement.providers.protocol import Event, PaymentReport

ERROR_CHARS_MAX: Final = 500

_KEEP: Final = (
    "WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],"
    " $5::text[], $6::text[]) WITH ORDINALITY"
    " AS g (provider, event_id, type, payload, payment, ref, place)),"
    " found AS (SELECT g.*, coalesce("
    " (SELECT id FROM payments WHERE provider = g.provider AND provider_ref = g.ref),"
    " (SELECT id FROM payments WHERE provider = g.provider AND id = g.payment::uuid)) AS payment_id"
    " FROM given AS g),"
    " kept AS (INSERT INTO webhook_inbox (provider, event_id, type, payload, payment_id)"
    " SELECT provider, event_id, type, payload::jsonb, payment_id FROM found"
    " ORDER BY provider, event_id ON CONFLICT (provider, event_id) DO NOTHING"
    " RETURNING id, provider, event_id)"
    f" SELECT coalesce(k.id, w.id) AS inbox_id, coalesce(w.state, 'received') AS state, {COLUMNS}"
    " FROM found AS f LEFT JOIN kept AS k USING (provider, event_id)"
    " LEFT JOIN webhook_inbox AS w USING (provider, event_id)"
    " LEFT JOIN payments AS p ON p.id = f.payment_id LEFT JOIN orders AS o ON o.id = p.order_id"
    " LEFT JOIN sales AS s ON s.id = o.sale_id ORDER BY f.place"
)
_UNHANDLED: Final = (
    f"SELECT w.id AS inbox_id, w.provider AS from_provider, w.payload::text AS payload, {COLUMNS}"
    " FROM webhook_inbox AS w LEFT JOIN payments AS p ON p.id = w.payment_id"
    " LEFT JOIN orders AS o ON o.id = p.order_id LEFT JOIN sales AS s ON s.id = o.sale_id"
    " WHERE w.state = 'received' AND (w.id = $3 OR $3::bigint IS NULL"
    " AND w.received_at < now() - make_interval(secs => $1))"
    " ORDER BY w.attempts, w.received_at LIMIT $2"
)


class Kept(Struct, frozen=True):
    """A webhook that is in the inbox now. ``inbox_id`` None: another delivery of it is just being
    handled elsewhere. ``state``: received unless it was handled before."""

    inbox_id: int | None
    state: WebhookState
    due: Due | None


class Unhandled(Struct, frozen=True):
    """A webhook that was kept and not handled."""

    inbox_id: int
    provider: str
    payload: dict[str, Any]
    due: Due | None


class Handled(Struct, frozen=True):
    """How the handling of a webhook ended, or did not."""

    inbox_id: int
    state: WebhookState
    error: str | None


async def keep(connection: Connection, deliveries: Sequence[tuple[str, Event]]) -> list[Kept]:
    """Write (provider, event) pairs into the inbox, those that are new, in one statement.

    Returns for each, in order, what is known of it and of its payment. Committed on return when no
    transaction is open.
    """
    rows = await connection.fetch(
        _KEEP,
        [provider for provider, _ in deliveries],
        [_text(event.id) for _, event in deliveries],
        [_text(event.type) for _, event in deliveries],
        [as_json(event.payload) for _, event in deliveries],
        [_about(event)[0] for _, event in deliveries],
        [_about(event)[1] for _, event in deliveries],
    )
    return [Kept(row["inbox_id"], row["state"], due_of(row)) for row in rows]


async def finish(connection: Connection, handled: Sequence[Handled], attempts_max: int) -> None:
    """Tick webhooks off; one that stays ``received`` fails after so many attempts."""
    if not handled:
        return
    ordered = sorted(handled, key=lambda one: one.inbox_id)
    await connection.execute(
        "UPDATE webhook_inbox AS w SET attempts = w.attempts + 1, last_error = h.error,"
        " state = CASE WHEN h.state = 'received' AND w.attempts + 1 >= $4 THEN 'failed'"
        " ELSE h.state END,"
        " handled_at = CASE WHEN h.state = 'received' THEN NULL ELSE now() END"
        " FROM unnest($1::bigint[], $2::text[], $3::text[]) AS h (id, state, error)"
        " WHERE w.id = h.id AND w.state IN ('received', 'failed')",
        [one.inbox_id for one in ordered],
        [one.state for one in ordered],
        [one.error and one.error[:ERROR_CHARS_MAX] for one in ordered],
        attempts_max,
    )


async def read_unhandled(
    connection: Connection, older_than_s: float, most: int, inbox_id: int | None = None
) -> list[Unhandled]:
    """Return webhooks that were kept that long ago and not handled yet; or the one named."""
    return [
        Unhandled(
            row["inbox_id"],
            row["from_provider"],
            msgspec.json.decode(row["payload"], type=dict[str, Any]),
            due_of(row),
        )
        for row in await connection.fetch(_UNHANDLED, older_than_s, most, inbox_id)
    ]


async def resend(connection: Connection, inbox_id: int) -> bool:
    """Let a webhook be handled once more, whatever came of it; False: there is none such."""
    status = await connection.execute(
        "UPDATE webhook_inbox SET state = 'received', attempts = 0, last_error = NULL,"
        " handled_at = NULL WHERE id = $1",
        inbox_id,
    )
    return bool(status == "UPDATE 1")


def as_json(payload: dict[str, Any]) -> str:
    """Return a payload as Postgres keeps it: it refuses NUL in text."""
    return msgspec.json.encode(payload).decode().replace("\\u0000", "\\ufffd")


def _about(event: Event) -> tuple[str | None, str | None]:
    """Return (our payment's id, the provider's reference) of a report about a payment."""
    if isinstance(event.report, PaymentReport):
        return uuid_or_none(event.report.payment_id), _text(event.report.ref)
    return None, None


def uuid_or_none(text: str | None) -> str | None:
    """Return a text that is a UUID, as a provider's metadata should have it."""
    try:
        return None if text is None else str(uuid.UUID(text))
    except ValueError:
        return None


def _text(said: str) -> str:
    return said.replace("\0", "\ufffd")
