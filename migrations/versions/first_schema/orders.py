"""Orders and their lines.

Frozen: a later change is a later revision.
"""

TABLES = ("orders", "order_lines")

STATEMENTS = (
    """\
CREATE TABLE orders (
    id UUID NOT NULL,
    sale_id BIGINT NOT NULL,
    lane INTEGER NOT NULL,
    user_id BIGINT NOT NULL,
    status TEXT NOT NULL,
    hold_state TEXT,
    total_minor BIGINT NOT NULL,
    refunded_minor BIGINT DEFAULT 0 NOT NULL,
    currency TEXT NOT NULL,
    idempotency_key TEXT,
    fingerprint TEXT,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at timestamptz,
    ended_at timestamptz,
    failed_reason TEXT,
    payment_id UUID,
    seq BIGINT NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (id),
    CONSTRAINT ck_orders_status
        CHECK (status IN ('PENDING', 'EXPIRED', 'FAILED', 'CANCELLED', 'PAID', 'REFUNDED')),
    CONSTRAINT ck_orders_hold_state CHECK (hold_state IN ('HELD', 'PAYING', 'EXPIRING')),
    CONSTRAINT ck_orders_hold_is_pending CHECK ((hold_state IS NOT NULL) = (status = 'PENDING')),
    CONSTRAINT ck_orders_total_minor CHECK (total_minor > 0),
    CONSTRAINT ck_orders_refunded_minor CHECK (refunded_minor BETWEEN 0 AND total_minor),
    CONSTRAINT ck_orders_lane CHECK (lane >= 0),
    CONSTRAINT ck_orders_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT fk_orders_sale_id_sales FOREIGN KEY (sale_id) REFERENCES sales (id),
    CONSTRAINT fk_orders_user_id_users FOREIGN KEY (user_id) REFERENCES users (id)
)""",
    """\
CREATE INDEX ix_orders_sale_id_user_id_idempotency_key
    ON orders (sale_id, user_id, idempotency_key)""",
    "CREATE INDEX ix_orders_status_created_at ON orders (status, created_at)",
    "CREATE INDEX ix_orders_user_id_created_at ON orders (user_id, created_at DESC)",
    """\
CREATE TABLE order_lines (
    order_id UUID NOT NULL,
    product_id BIGINT NOT NULL,
    line SMALLINT NOT NULL,
    quantity SMALLINT NOT NULL,
    unit_price_minor BIGINT NOT NULL,
    CONSTRAINT pk_order_lines PRIMARY KEY (order_id, product_id),
    CONSTRAINT ck_order_lines_quantity CHECK (quantity BETWEEN 1 AND 10),
    CONSTRAINT ck_order_lines_unit_price_minor CHECK (unit_price_minor > 0),
    CONSTRAINT ck_order_lines_line CHECK (line >= 0),
    CONSTRAINT fk_order_lines_order_id_orders FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT fk_order_lines_product_id_products FOREIGN KEY (product_id) REFERENCES products (id)
)""",
    "CREATE INDEX ix_order_lines_product_id ON order_lines (product_id)",
)
