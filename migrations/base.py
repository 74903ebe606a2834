"""What every table shares: names of constraints, column types, mixins, a repr without secrets.

Constraint names are part of the contract: code branches on them, never on an error's text.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    func,
    inspect,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A key that Postgres numbers. Orders, payments, refunds and moves bring their own UUIDv7."""


class Base(DeclarativeBase):
    """Declarative base. All times are timestamptz, text is unbounded, integers are bigint."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        uuid.UUID: Uuid,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }
    shown: ClassVar[tuple[str, ...]] = ()
    """Columns that `repr` may print beside the key. A list of what is safe, not of secrets."""

    def __repr__(self) -> str:
        """The class, its key and its `shown` columns; never loads anything."""
        keys = [column.key for column in inspect(type(self)).primary_key]
        loaded = self.__dict__
        facts = [f"{k}={loaded[k]!r}" for k in (*keys, *self.shown) if k in loaded]
        return f"{type(self).__name__}({', '.join(facts)})"


class Timestamped:
    """created_at and updated_at. Set-based SQL sets updated_at itself: there is no trigger."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), sort_order=91
    )


class SoftDeleted:
    """deleted_at: the row is kept because orders and the audit log point at it."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=92)


class Audited:
    """created_by and updated_by: the user who did it, NULL for the engine itself."""

    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"), sort_order=93)
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"), sort_order=94)
