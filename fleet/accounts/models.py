"""Accounts and their web sessions."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from foundation.base import Base, created, identifier


class Account(Base):
    """A person who signs in, with one role; a shareholder's account belongs to one municipality."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("role IN ('operator', 'shareholder', 'technician')", name="role"),
        CheckConstraint("(role = 'shareholder') = (shareholder_id IS NOT NULL)", name="shareholder"),
        CheckConstraint("email = lower(email)", name="email"),
        {"schema": "fleet"},
    )

    id: Mapped[identifier]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    shareholder_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id))
    password_hash: Mapped[str]
    """argon2id, PHC string."""
    language: Mapped[str] = mapped_column(default="fr")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[created]

    shareholder: Mapped[Shareholder | None] = relationship()


class WebSession(Base):
    """A signed-in browser: the cookie holds a secret, this row its SHA-256; deleted at sign-out."""

    __tablename__ = "web_session"
    __table_args__ = {"schema": "fleet"}

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    created_at: Mapped[created]
    expires_at: Mapped[dt.datetime]


class SignInAttempt(Base):
    """A try at signing in, kept to slow down guessing, whether the address exists or not."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_email_at", "email", "at"), {"schema": "fleet"})

    id: Mapped[identifier]
    email: Mapped[str]
    remote_address: Mapped[str]
    at: Mapped[created]
    succeeded: Mapped[bool]
