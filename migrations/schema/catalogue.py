"""What is listed: products and their pictures."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, false, text, true
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Audited, Base, BigId, SoftDeleted, Timestamped
from migrations.checks import currency_code, one_of
from migrations.states import IMAGE_KINDS

SEARCH_CONFIG = "english"
"""The text search configuration of `products.search`; queries must name the same one."""

SEARCH_DOCUMENT = (
    "setweight(to_tsvector('english'::regconfig, name), 'A')"
    " || setweight(to_tsvector('english'::regconfig, COALESCE(sku, '')), 'A')"
    " || setweight(to_tsvector('english'::regconfig, COALESCE(description, '')), 'B')"
)


class Product(Timestamped, SoftDeleted, Audited, Base):
    """What the catalogue lists. `stock`: units on hand that no sale has been given."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 3 AND 255", name="name"),
        CheckConstraint("price_minor > 0 AND price_minor <= 1000000000", name="price_minor"),
        CheckConstraint("original_price_minor > 0", name="original_price_minor"),
        CheckConstraint("stock BETWEEN 0 AND 1000000", name="stock"),
        CheckConstraint("max_per_user >= 1", name="max_per_user"),
        CheckConstraint("version >= 1", name="version"),
        currency_code(),
        Index(None, "is_active", "created_at"),
        Index(None, "search", postgresql_using="gin"),
        Index(
            "ix_products_purge_at",
            "purge_at",
            postgresql_where=text("purge_at IS NOT NULL"),
        ),
    )
    shown = ("sku", "version")

    id: Mapped[BigId]
    sku: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    price_minor: Mapped[int]
    original_price_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(server_default="USD")
    stock: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    max_per_user: Mapped[int | None] = mapped_column(Integer)
    is_active: Mapped[bool] = mapped_column(server_default=true())
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    purge_at: Mapped[datetime | None]
    search: Mapped[str] = mapped_column(
        TSVECTOR, Computed(SEARCH_DOCUMENT, persisted=True), deferred=True
    )


class ProductImage(Timestamped, SoftDeleted, Base):
    """A picture kept elsewhere. At most one living picture of a product is the primary one."""

    __tablename__ = "product_images"
    __table_args__ = (
        one_of("kind", IMAGE_KINDS),
        CheckConstraint("image_url ~ '^https://'", name="image_url"),
        CheckConstraint('"position" >= 0', name="position"),
        Index(None, "product_id", "position"),
        Index(
            "uq_product_images_primary",
            "product_id",
            unique=True,
            postgresql_where=text("is_primary AND deleted_at IS NULL"),
        ),
    )
    shown = ("product_id", "kind")

    id: Mapped[BigId]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    image_url: Mapped[str]
    alt_text: Mapped[str | None]
    position: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    is_primary: Mapped[bool] = mapped_column(server_default=false())
    kind: Mapped[str] = mapped_column(server_default="full")
