"""Rows that Postgres must refuse: (table, what is wrong with the legal row, who refuses it).

Each row is inserted beside the legal one, with a new `id` if the table has one.
"""

import uuid
from typing import Any

from tests.migrations.legal_rows import NOW, ORDER_ID

Case = tuple[str, dict[str, Any], str]

NEW_TOKEN: dict[str, Any] = {"token_hash": b"two"}
NEW_PRODUCT: dict[str, Any] = {"sku": None}
NEW_PAYMENT: dict[str, Any] = {
    "status": "FAILED",
    "verdict": None,
    "provider_ref": None,
    "idempotency_key": "pay-2",
}
NEW_REFUND: dict[str, Any] = {"cause": "admin", "idempotency_key": "refund-2"}
NEW_MOVE: dict[str, Any] = {"idempotency_key": None, "refund_id": None}
NEW_DISPUTE: dict[str, Any] = {"provider_ref": "dispute-2"}
NEW_EVENT: dict[str, Any] = {"event_id": "event-2"}
NEW_LETTER: dict[str, Any] = {"seq": 2}
NEW_USER: dict[str, Any] = {"email": "bob@example.org"}
NEW_ITEM: dict[str, Any] = {"product_id": 1, "sale_id": 1}

PEOPLE: list[Case] = [
    ("users", NEW_USER | {"role": "root"}, "ck_users_role"),
    ("users", {"email": "@"}, "ck_users_email"),
    ("users", {"email": "a" * 321}, "ck_users_email"),
    ("users", NEW_USER | {"token_version": -1}, "ck_users_token_version"),
    ("users", NEW_USER | {"failed_logins": -1}, "ck_users_failed_logins"),
    ("users", {"email": "aDA@EXAMPLE.org"}, "uq_users_email_lower"),
    ("login_attempts", {"email_key": "b", "failures": -1}, "ck_login_attempts_failures"),
    (
        "user_addresses",
        {"is_default": False, "country_code": "gb"},
        "ck_user_addresses_country_code",
    ),
    ("user_addresses", {}, "uq_user_addresses_default"),
    ("refresh_tokens", NEW_TOKEN | {"expires_at": NOW}, "ck_refresh_tokens_expires_at"),
    ("refresh_tokens", {}, "uq_refresh_tokens_token_hash"),
]

CATALOGUE: list[Case] = [
    ("products", NEW_PRODUCT | {"name": "ab"}, "ck_products_name"),
    ("products", NEW_PRODUCT | {"name": "a" * 256}, "ck_products_name"),
    ("products", NEW_PRODUCT | {"price_minor": 0}, "ck_products_price_minor"),
    ("products", NEW_PRODUCT | {"price_minor": 1_000_000_001}, "ck_products_price_minor"),
    ("products", NEW_PRODUCT | {"original_price_minor": 0}, "ck_products_original_price_minor"),
    ("products", NEW_PRODUCT | {"stock": -1}, "ck_products_stock"),
    ("products", NEW_PRODUCT | {"stock": 1_000_001}, "ck_products_stock"),
    ("products", NEW_PRODUCT | {"max_per_user": 0}, "ck_products_max_per_user"),
    ("products", NEW_PRODUCT | {"version": 0}, "ck_products_version"),
    ("products", NEW_PRODUCT | {"currency": "usd"}, "ck_products_currency"),
    ("products", {}, "uq_products_sku"),
    ("product_images", {"is_primary": False, "kind": "huge"}, "ck_product_images_kind"),
    ("product_images", {"is_primary": False, "position": -1}, "ck_product_images_position"),
    (
        "product_images",
        {"is_primary": False, "image_url": "http://x"},
        "ck_product_images_image_url",
    ),
    ("product_images", {}, "uq_product_images_primary"),
]

SALES: list[Case] = [
    ("sales", {"state": "live"}, "ck_sales_state"),
    ("sales", {"ends_at": NOW}, "ck_sales_window"),
    ("sales", {"hold_ttl_s": 0}, "ck_sales_hold_ttl_s"),
    ("sales", {"hold_ttl_s": 86_401}, "ck_sales_hold_ttl_s"),
    ("sales", {"lanes": 0}, "ck_sales_lanes"),
    ("sales", {"name": ""}, "ck_sales_name"),
    ("sales", {"currency": "US"}, "ck_sales_currency"),
    ("sale_items", NEW_ITEM | {"units": 0}, "ck_sale_items_units"),
    ("sale_items", NEW_ITEM | {"price_minor": 0}, "ck_sale_items_price_minor"),
    ("sale_items", NEW_ITEM | {"original_price_minor": 0}, "ck_sale_items_original_price_minor"),
    ("sale_items", NEW_ITEM | {"max_per_user": 0}, "ck_sale_items_max_per_user"),
    ("sale_items", {"sale_id": 2}, "uq_sale_items_open_product"),
    ("lane_items", {"lane": 1, "available": 9}, "ck_lane_items_ledger"),
    ("lane_items", {"lane": 1, "available": 11, "held": -1}, "ck_lane_items_not_negative"),
    ("lane_items", {"lane": 1, "returned": -1}, "ck_lane_items_not_negative"),
    ("stock_moves", NEW_MOVE | {"kind": "lose"}, "ck_stock_moves_kind"),
    ("stock_moves", NEW_MOVE | {"state": "lost", "finished_at": NOW}, "ck_stock_moves_state"),
    ("stock_moves", NEW_MOVE | {"units": 0}, "ck_stock_moves_units"),
    ("stock_moves", NEW_MOVE | {"state": "done"}, "ck_stock_moves_finished_at"),
    ("stock_moves", {"refund_id": None}, "uq_stock_moves_sale_id_idempotency_key"),
    ("stock_moves", {"idempotency_key": None}, "uq_stock_moves_refund"),
]

ORDERS: list[Case] = [
    ("orders", {"status": "LOST", "hold_state": None}, "ck_orders_status"),
    ("orders", {"hold_state": "GONE"}, "ck_orders_hold_state"),
    ("orders", {"hold_state": None}, "ck_orders_hold_is_pending"),
    ("orders", {"status": "PAID"}, "ck_orders_hold_is_pending"),
    ("orders", {"total_minor": 0}, "ck_orders_total_minor"),
    ("orders", {"refunded_minor": 91}, "ck_orders_refunded_minor"),
    ("orders", {"refunded_minor": -1}, "ck_orders_refunded_minor"),
    ("orders", {"lane": -1}, "ck_orders_lane"),
    ("orders", {"currency": "dollars"}, "ck_orders_currency"),
    ("order_lines", {"quantity": 0}, "ck_order_lines_quantity"),
    ("order_lines", {"quantity": 11}, "ck_order_lines_quantity"),
    ("order_lines", {"unit_price_minor": 0}, "ck_order_lines_unit_price_minor"),
    ("order_lines", {"line": -1}, "ck_order_lines_line"),
]

MONEY: list[Case] = [
    ("payments", NEW_PAYMENT | {"provider": "cash"}, "ck_payments_provider"),
    ("payments", NEW_PAYMENT | {"status": "LOST"}, "ck_payments_status"),
    ("payments", NEW_PAYMENT | {"verdict": "maybe"}, "ck_payments_verdict"),
    ("payments", NEW_PAYMENT | {"amount_minor": 0}, "ck_payments_amount_minor"),
    ("payments", NEW_PAYMENT | {"currency": ""}, "ck_payments_currency"),
    ("payments", NEW_PAYMENT | {"provider_ref": "ref-1"}, "uq_payments_provider_provider_ref"),
    ("payments", NEW_PAYMENT | {"idempotency_key": "pay-1"}, "uq_payments_idempotency_key"),
    ("payments", NEW_PAYMENT | {"status": "PROCESSING"}, "uq_payments_open_order"),
    ("payments", NEW_PAYMENT | {"verdict": "retaken"}, "uq_payments_paying_order"),
    ("refunds", NEW_REFUND | {"cause": "whim"}, "ck_refunds_cause"),
    ("refunds", NEW_REFUND | {"status": "SENT"}, "ck_refunds_status"),
    ("refunds", NEW_REFUND | {"amount_minor": 0}, "ck_refunds_amount_minor"),
    ("refunds", NEW_REFUND | {"attempts": -1}, "ck_refunds_attempts"),
    ("refunds", NEW_REFUND | {"currency": "US1"}, "ck_refunds_currency"),
    ("refunds", NEW_REFUND | {"idempotency_key": "refund-1"}, "uq_refunds_idempotency_key"),
    ("refunds", NEW_REFUND | {"cause": "duplicate"}, "uq_refunds_automatic"),
    ("disputes", NEW_DISPUTE | {"amount_minor": 0}, "ck_disputes_amount_minor"),
    ("disputes", {}, "uq_disputes_provider_ref"),
    ("webhook_inbox", NEW_EVENT | {"provider": "cash"}, "ck_webhook_inbox_provider"),
    ("webhook_inbox", NEW_EVENT | {"state": "lost"}, "ck_webhook_inbox_state"),
    ("webhook_inbox", NEW_EVENT | {"attempts": -1}, "ck_webhook_inbox_attempts"),
    ("webhook_inbox", {}, "uq_webhook_inbox_provider_event_id"),
]

JOURNAL: list[Case] = [
    ("journal", {"seq": 0}, "ck_journal_seq"),
    ("journal_cursors", {"lane": 1, "seq": -1}, "ck_journal_cursors_seq"),
    ("journal_cursors", {"lane": 1, "generation": 0}, "ck_journal_cursors_generation"),
    ("dead_letters", NEW_LETTER | {"resolution": "dropped"}, "ck_dead_letters_resolution"),
    ("dead_letters", NEW_LETTER | {"resolved_at": NOW}, "ck_dead_letters_resolution"),
    ("dead_letters", {}, "uq_dead_letters_sale_id_lane_seq"),
    (
        "store_generation",
        {"id": 2, "generation": 1, "reason": "x"},
        "ck_store_generation_singleton",
    ),
    (
        "store_generation",
        {"id": 1, "generation": 0, "reason": "x"},
        "ck_store_generation_generation",
    ),
]

KEYS: list[Case] = [
    ("journal", {}, "pk_journal"),
    ("journal_cursors", {}, "pk_journal_cursors"),
    ("order_lines", {}, "pk_order_lines"),
    ("lane_items", {}, "pk_lane_items"),
    ("sale_items", {"open": False}, "pk_sale_items"),
    ("orders", {"id": ORDER_ID}, "pk_orders"),
    ("revoked_sessions", {}, "pk_revoked_sessions"),
    ("store_generation", {"id": 1, "generation": 2, "reason": "x"}, "pk_store_generation"),
]

ILLEGAL: list[Case] = [*PEOPLE, *CATALOGUE, *SALES, *ORDERS, *MONEY, *JOURNAL, *KEYS]

NOWHERE: dict[type, Any] = {int: 987_654_321, uuid.UUID: uuid.UUID(int=987_654_321)}
"""A reference to nothing, by the type of the column."""

FREE: dict[str, dict[str, Any]] = {
    "users": NEW_USER,
    "refresh_tokens": NEW_TOKEN,
    "email_verifications": NEW_TOKEN,
    "revoked_sessions": {"session_id": uuid.UUID(int=99)},
    "user_addresses": {"is_default": False},
    "products": NEW_PRODUCT,
    "product_images": {"is_primary": False},
    "sale_items": {"open": False},
    "payments": NEW_PAYMENT,
    "refunds": NEW_REFUND,
    "disputes": NEW_DISPUTE,
    "stock_moves": NEW_MOVE,
}
"""What a second row of a table changes so that only its reference is wrong."""
