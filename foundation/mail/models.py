"""Letters to be sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from foundation.base import Base, created, identifier

STATES = ("queued", "sent", "failed")


class Mail(Base):
    """One letter to one address, as it will be sent; its state is changed by `foundation.mail.deliver` alone.

    queued: waits, or is with a worker until `leased_until`; sent: the server took it; failed: it never will.
    """

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        # What makes a second header or a second recipient has no place in either (OWASP ASVS 5.0, 1.3.11).
        CheckConstraint(r"recipient ~ '^[!-~]+@[!-~]+$' AND recipient !~ '[<>,;:\"()\\[\]]'", name="recipient"),
        CheckConstraint(r"subject !~ '[\x01-\x1f\x7f]' AND subject <> ''", name="subject"),
        Index("ix_mail_queued", "next_try_at", postgresql_where="state = 'queued'"),
        {"schema": "foundation"},
    )

    id: Mapped[identifier]
    key: Mapped[str | None] = mapped_column(unique=True)
    """What it is about, where a second letter about the same would be one too many."""
    message_id: Mapped[str] = mapped_column(unique=True)
    """Left part of its Message-ID (RFC 5322 § 3.6.4): the same at each try, so that mailboxes know it again."""
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[created]
    next_try_at: Mapped[created]
    leased_until: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    private: Mapped[bool] = mapped_column(default=False)
    """It carries a secret of its reader's: no page shows what it says, and the text goes once it has left."""
