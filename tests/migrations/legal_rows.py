"""One legal row of every table, and a way to insert it with something changed."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ORDER_ID = uuid.UUID(int=1)
PAYMENT_ID = uuid.UUID(int=2)
REFUND_ID = uuid.UUID(int=3)

LEGAL: dict[str, dict[str, Any]] = {
    "users": {"id": 1, "email": "Ada@example.org", "password_hash": "x"},
    "login_attempts": {"email_key": "ada@example.org"},
    "user_addresses": {
        "id": 1,
        "user_id": 1,
        "recipient": "Ada",
        "line1": "1 Engine Row",
        "city": "London",
        "country_code": "GB",
        "is_default": True,
    },
    "refresh_tokens": {
        "id": uuid.UUID(int=10),
        "family": uuid.UUID(int=11),
        "user_id": 1,
        "token_hash": b"one",
        "issued_at": NOW,
        "expires_at": LATER,
    },
    "email_verifications": {"token_hash": b"one", "user_id": 1, "expires_at": LATER},
    "revoked_sessions": {"session_id": uuid.UUID(int=12), "user_id": 1, "expires_at": LATER},
    "products": {"id": 1, "sku": "SKU-1", "name": "Lamp", "price_minor": 100},
    "product_images": {
        "id": 1,
        "product_id": 1,
        "image_url": "https://img.example/1.png",
        "is_primary": True,
    },
    "sales": {"id": 1, "name": "Rush", "starts_at": NOW, "ends_at": LATER},
    "sale_items": {"sale_id": 1, "product_id": 1, "units": 10, "price_minor": 90, "open": True},
    "lane_items": {"sale_id": 1, "lane": 0, "product_id": 1, "units": 10, "available": 10},
    "orders": {
        "id": ORDER_ID,
        "sale_id": 1,
        "lane": 0,
        "user_id": 1,
        "status": "PENDING",
        "hold_state": "HELD",
        "total_minor": 90,
        "currency": "USD",
        "created_at": NOW,
        "expires_at": LATER,
        "seq": 1,
    },
    "order_lines": {
        "order_id": ORDER_ID,
        "product_id": 1,
        "line": 1,
        "quantity": 1,
        "unit_price_minor": 90,
    },
    "payments": {
        "id": PAYMENT_ID,
        "order_id": ORDER_ID,
        "provider": "simulator",
        "status": "PENDING",
        "amount_minor": 90,
        "currency": "USD",
        "provider_ref": "ref-1",
        "idempotency_key": "pay-1",
        "verdict": "confirmed",
    },
    "refunds": {
        "id": REFUND_ID,
        "payment_id": PAYMENT_ID,
        "order_id": ORDER_ID,
        "amount_minor": 90,
        "currency": "USD",
        "cause": "late",
        "idempotency_key": "refund-1",
    },
    "disputes": {
        "id": 1,
        "payment_id": PAYMENT_ID,
        "provider_ref": "dispute-1",
        "status": "needs_response",
        "amount_minor": 90,
    },
    "webhook_inbox": {
        "id": 1,
        "provider": "simulator",
        "event_id": "event-1",
        "type": "payment.succeeded",
        "payload": "{}",
    },
    "stock_moves": {
        "id": uuid.UUID(int=20),
        "sale_id": 1,
        "product_id": 1,
        "lane": 0,
        "kind": "restock",
        "units": 1,
        "idempotency_key": "move-1",
        "refund_id": REFUND_ID,
    },
    "journal": {"sale_id": 1, "lane": 0, "seq": 1, "generation": 1, "type": "hold", "body": "{}"},
    "journal_cursors": {"sale_id": 1, "lane": 0, "generation": 1},
    "dead_letters": {
        "id": 1,
        "sale_id": 1,
        "lane": 0,
        "generation": 1,
        "seq": 1,
        "type": "hold",
        "body": "{}",
        "reason": "23514",
    },
    "law_runs": {"id": 1, "ok": True, "laws": "[]"},
    "audit_log": {"id": 1, "action": "reprice", "subject": "product", "subject_id": "1"},
}
"""In the order of their foreign keys. `store_generation` has its row from the migration."""

_numbers = count(1000)


async def insert(
    connection: "asyncpg.Connection[asyncpg.Record]", table: str, changes: dict[str, Any]
) -> None:
    """Insert the legal row of `table` with `changes`."""
    row = LEGAL.get(table, {}) | changes
    columns = ", ".join(f'"{name}"' for name in row)
    slots = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({slots})", *row.values())


async def insert_all(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Insert every legal row."""
    for table in LEGAL:
        await insert(connection, table, {})


def fresh_id(table: str) -> dict[str, Any]:
    """A new key for tables that have one of their own, so that only `changes` can collide."""
    key = LEGAL.get(table, {}).get("id")
    if key is None:
        return {}
    return {"id": uuid.uuid4() if isinstance(key, uuid.UUID) else next(_numbers)}
