"""Users, their sessions, and what keeps strangers out."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from migrations.base import Base, BigId, Timestamped
from migrations.checks import one_of
from migrations.states import ROLES


class User(Timestamped, Base):
    """A customer or an admin. Deactivated, never deleted: orders point here."""

    __tablename__ = "users"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("char_length(email) BETWEEN 3 AND 320", name="email"),
        CheckConstraint("token_version >= 0", name="token_version"),
        CheckConstraint("failed_logins >= 0", name="failed_logins"),
        Index("uq_users_email_lower", text("lower(email)"), unique=True),
    )
    shown = ("role", "is_active")

    id: Mapped[BigId]
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="customer")
    full_name: Mapped[str | None]
    phone: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=true())
    email_verified: Mapped[bool] = mapped_column(server_default=false())
    token_version: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed_logins: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """Failures of one e-mail, known or not, so that a lock-out tells nothing about accounts."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        CheckConstraint("failures >= 0", name="failures"),
        Index(None, "updated_at"),
    )

    email_key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    locked_until: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class UserAddress(Timestamped, Base):
    """Where things go. At most one is the user's default."""

    __tablename__ = "user_addresses"
    __table_args__ = (
        CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="country_code"),
        Index(None, "user_id"),
        Index(
            "uq_user_addresses_default",
            "user_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recipient: Mapped[str]
    line1: Mapped[str]
    line2: Mapped[str | None]
    city: Mapped[str]
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    country_code: Mapped[str]
    phone: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=false())


class RefreshToken(Base):
    """One link of a rotated chain. The token itself is never stored, only its hash."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        CheckConstraint("expires_at > issued_at", name="expires_at"),
        Index(None, "family"),
        Index(None, "user_id"),
        Index(None, "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    family: Mapped[uuid.UUID]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    issued_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class EmailVerification(Base):
    """A token sent by mail, by its hash; used at most once. Its repr is empty on purpose."""

    __tablename__ = "email_verifications"
    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        return "EmailVerification()"


class RevokedSession(Base):
    """A session whose access tokens are dead before they expire; kept until they would have."""

    __tablename__ = "revoked_sessions"
    __table_args__ = (Index(None, "user_id"), Index(None, "expires_at"))

    session_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
