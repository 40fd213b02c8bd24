"""Accounts, and what lets somebody in: web sessions, one-time links, second factors, tokens, identities elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from foundation.base import Base, created, identifier

ROLES = ("operator", "shareholder", "technician", "guest")
"""A guest reads what its municipality reads, and writes nothing."""
PURPOSES = ("invitation", "reset", "new_email", "second_factor")


class Account(Base):
    """A person who signs in, with one role; a shareholder's or a guest's account belongs to one municipality."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("(role IN ('shareholder', 'guest')) = (shareholder_id IS NOT NULL)", name="shareholder"),
        CheckConstraint("email = lower(email)", name="email"),
        {"schema": "fleet"},
    )

    id: Mapped[identifier]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    shareholder_id: Mapped[int | None] = mapped_column(ForeignKey(Shareholder.id))
    password_hash: Mapped[str | None] = mapped_column(deferred=True)
    """argon2id, PHC string; None until the person has chosen one. No role but the SPL's and sign-in may read it."""
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
    remote_address: Mapped[str] = mapped_column(default="")
    browser: Mapped[str] = mapped_column(default="")
    """What the browser said it was."""
    method: Mapped[str] = mapped_column(default="password")
    """password, second_factor or the name of a provider of identities."""
    last_seen_at: Mapped[created]
    id_token: Mapped[str | None] = mapped_column(deferred=True)
    """What the provider of identities asks to see when this session ends there too."""


class SignInAttempt(Base):
    """A try at signing in, kept to slow down guessing, whether the address exists or not."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_email_at", "email", "at"),
        Index("ix_sign_in_attempt_remote_address_at", "remote_address", "at"),
        {"schema": "fleet"},
    )

    id: Mapped[identifier]
    email: Mapped[str]
    remote_address: Mapped[str]
    at: Mapped[created]
    succeeded: Mapped[bool]
    kind: Mapped[str] = mapped_column(default="password")
    """password, second_factor or link (a letter asked for)."""
    browser: Mapped[str] = mapped_column(default="")
    """The mark of a browser that has signed in to this account before; "" for any other."""


class OneTimeSecret(Base):
    """What a letter or a half-finished sign-in proves once: the secret is with the person, its SHA-256 here."""

    __tablename__ = "one_time_secret"
    __table_args__ = (CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"), {"schema": "fleet"})

    secret_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    purpose: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    """The address it was sent to, which becomes the account's where that is the purpose."""
    created_at: Mapped[created]
    expires_at: Mapped[dt.datetime]


class SecondFactor(Base):
    """A secret shared with the person's telephone (RFC 6238); it counts once a first code was right."""

    __tablename__ = "second_factor"
    __table_args__ = {"schema": "fleet"}

    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), primary_key=True, autoincrement=False)
    secret: Mapped[str]
    """Base32, readable by its owner alone (row-level security)."""
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The step of 30 s of the last code accepted: it and those before it are worth nothing any more."""
    created_at: Mapped[created]
    confirmed_at: Mapped[dt.datetime | None]


class RecoveryCode(Base):
    """A code on paper for whoever has lost the telephone; used once."""

    __tablename__ = "recovery_code"
    __table_args__ = {"schema": "fleet"}

    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), primary_key=True)
    code_sha256: Mapped[str] = mapped_column(primary_key=True)


class ApiToken(Base):
    """What a program shows in place of a person: it may do what its scopes and its account's role both allow."""

    __tablename__ = "api_token"
    __table_args__ = {"schema": "fleet"}

    id: Mapped[identifier]
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    """Names of `fleet.accounts.scopes.Scope`."""
    created_at: Mapped[created]
    expires_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class ExternalIdentity(Base):
    """Who an account is for a provider of identities (OpenID Connect): its `sub`, which never changes."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "account_id"), {"schema": "fleet"})

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(Account.id), index=True)
    created_at: Mapped[created]


class AccessEvent(Base):
    """A line of the journal of access: who came in, or did not, and what was done to accounts; append-only."""

    __tablename__ = "access_event"
    __table_args__ = {"schema": "fleet"}

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[created] = mapped_column(index=True)
    kind: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(index=True)
    """Whose account it is about; a number and no key, so that it outlives the account."""
    email: Mapped[str] = mapped_column(default="")
    """The address that was typed, where no account is named."""
    by_account_id: Mapped[int | None]
    remote_address: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
