"""The keys the SPL has signed with, published with their dates."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.base import Base, created, identifier


class SigningKey(Base):
    """A public key and the days it was in use; the private half is a setting of the worker and nowhere else."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("fingerprint ~ '^[0-9a-f]{64}$'", name="fingerprint"),
        CheckConstraint("retired_on IS NULL OR retired_on >= used_from", name="dates"),
        # One key signs at a time; a period without end is the key in use.
        ExcludeConstraint(
            (text("daterange(used_from, retired_on)"), "&&"), name="ex_signing_key_one_at_a_time", using="gist"
        ),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the 32 bytes of the key."""
    pem: Mapped[str]
    used_from: Mapped[dt.date]
    retired_on: Mapped[dt.date | None]
    """The first day another key signs; what this one signed before stays good."""
    created_at: Mapped[created]
