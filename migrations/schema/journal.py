"""The settled journal, how far it is settled, and what settlement had to set aside.

Nothing here has a foreign key: the journal is what happened, and may not be refused.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base, BigId


class JournalEntry(Base):
    """One entry of a lane's stream. `seq` is gapless from 1; `body` as the script wrote it."""

    __tablename__ = "journal"
    __table_args__ = (CheckConstraint("seq > 0", name="seq"),)
    shown = ("generation", "type")

    sale_id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]
    type: Mapped[str]
    body: Mapped[str]
    settled_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class JournalCursor(Base):
    """Up to where a lane is settled; moved in the same transaction as the rows it stands for.

    Half of each page is kept free: the row changes with every batch.
    """

    __tablename__ = "journal_cursors"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("generation >= 1", name="generation"),
        {"postgresql_with": {"fillfactor": "50"}},
    )
    shown = ("generation", "seq")

    sale_id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(Integer, primary_key=True)
    generation: Mapped[int]
    seq: Mapped[int] = mapped_column(server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    retired_at: Mapped[datetime | None]


class DeadLetter(Base):
    """An entry Postgres refused, with the reason, until somebody resolves it."""

    __tablename__ = "dead_letters"
    __table_args__ = (
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolution"),
        UniqueConstraint("sale_id", "lane", "seq"),
        Index(None, "order_id"),
        Index(
            "ix_dead_letters_unresolved",
            "created_at",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )
    shown = ("sale_id", "lane", "seq", "type", "sqlstate")

    id: Mapped[BigId]
    sale_id: Mapped[int]
    lane: Mapped[int] = mapped_column(Integer)
    generation: Mapped[int]
    seq: Mapped[int]
    order_id: Mapped[uuid.UUID | None]
    type: Mapped[str]
    body: Mapped[str]
    sqlstate: Mapped[str | None]
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]


class StoreGeneration(Base):
    """The one number of the whole store, raised by every recovery. Exactly one row, id 1."""

    __tablename__ = "store_generation"
    __table_args__ = (
        CheckConstraint("id = 1", name="singleton"),
        CheckConstraint("generation >= 1", name="generation"),
    )
    shown = ("generation",)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    generation: Mapped[int]
    reason: Mapped[str]
    raised_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class LawRun(Base):
    """One check of all the laws. `laws`: a list of {name, ok, detail}."""

    __tablename__ = "law_runs"
    __table_args__ = (Index(None, "ran_at"),)
    shown = ("ok",)

    id: Mapped[BigId]
    ran_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    ok: Mapped[bool]
    laws: Mapped[list[Any]]
