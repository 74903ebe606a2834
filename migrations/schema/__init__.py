"""The tables. Importing this package fills `Base.metadata`.

- `people`: users, login_attempts, user_addresses, refresh_tokens, email_verifications,
  revoked_sessions
- `catalogue`: products, product_images
- `sales`: sales, sale_items, lane_items, stock_moves
- `orders`: orders, order_lines
- `money`: payments, refunds, disputes, webhook_inbox
- `journal`: journal, journal_cursors, dead_letters, store_generation, law_runs
- `audit`: audit_log

No foreign key cascades: rows that money or stock refer to are never deleted by accident.
"""

from migrations.base import Base
from migrations.schema.audit import AuditEntry
from migrations.schema.catalogue import Product, ProductImage
from migrations.schema.journal import (
    DeadLetter,
    JournalCursor,
    JournalEntry,
    LawRun,
    StoreGeneration,
)
from migrations.schema.money import Dispute, Payment, Refund, WebhookDelivery
from migrations.schema.orders import Order, OrderLine
from migrations.schema.people import (
    EmailVerification,
    LoginAttempt,
    RefreshToken,
    RevokedSession,
    User,
    UserAddress,
)
from migrations.schema.sales import LaneItem, Sale, SaleItem, StockMove

__all__ = [
    "AuditEntry",
    "Base",
    "DeadLetter",
    "Dispute",
    "EmailVerification",
    "JournalCursor",
    "JournalEntry",
    "LaneItem",
    "LawRun",
    "LoginAttempt",
    "Order",
    "OrderLine",
    "Payment",
    "Product",
    "ProductImage",
    "RefreshToken",
    "Refund",
    "RevokedSession",
    "Sale",
    "SaleItem",
    "StockMove",
    "StoreGeneration",
    "User",
    "UserAddress",
    "WebhookDelivery",
]
