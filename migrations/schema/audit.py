"""Who did what to which thing, with the thing before and after."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base, BigId


class AuditEntry(Base):
    """One mutation by a person (`actor_id`) or by the engine (NULL). Written, never changed."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "subject", "subject_id", "at"),
        Index(None, "actor_id", "at"),
    )
    shown = ("actor_id", "action", "subject", "subject_id")

    id: Mapped[BigId]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
