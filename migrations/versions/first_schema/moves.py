"""Units on the move; after money, because a refund may restock.

Frozen: a later change is a later revision.
"""

TABLES = ("stock_moves",)

STATEMENTS = (
    """\
CREATE TABLE stock_moves (
    id UUID NOT NULL,
    sale_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    lane INTEGER NOT NULL,
    kind TEXT NOT NULL,
    units BIGINT NOT NULL,
    state TEXT DEFAULT 'intended' NOT NULL,
    idempotency_key TEXT,
    refund_id UUID,
    created_by BIGINT,
    created_at timestamptz DEFAULT now() NOT NULL,
    finished_at timestamptz,
    CONSTRAINT pk_stock_moves PRIMARY KEY (id),
    CONSTRAINT ck_stock_moves_kind CHECK (kind IN ('open', 'add', 'take_back', 'close', 'restock')),
    CONSTRAINT ck_stock_moves_state CHECK (state IN ('intended', 'done', 'undone')),
    CONSTRAINT ck_stock_moves_units CHECK (units > 0),
    CONSTRAINT ck_stock_moves_finished_at CHECK ((state = 'intended') = (finished_at IS NULL)),
    CONSTRAINT fk_stock_moves_sale_id_sale_items FOREIGN KEY (sale_id, product_id)
        REFERENCES sale_items (sale_id, product_id),
    CONSTRAINT uq_stock_moves_sale_id_idempotency_key UNIQUE (sale_id, idempotency_key),
    CONSTRAINT fk_stock_moves_refund_id_refunds FOREIGN KEY (refund_id) REFERENCES refunds (id),
    CONSTRAINT fk_stock_moves_created_by_users FOREIGN KEY (created_by) REFERENCES users (id)
)""",
    "CREATE INDEX ix_stock_moves_intended ON stock_moves (created_at) WHERE state = 'intended'",
    "CREATE INDEX ix_stock_moves_sale_id_product_id ON stock_moves (sale_id, product_id)",
    """\
CREATE UNIQUE INDEX uq_stock_moves_refund ON stock_moves (refund_id, product_id)
    WHERE refund_id IS NOT NULL AND state <> 'undone'""",
)
