"""Profiles of sources, and every file that was received."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier
from foundation.jobs.models import Job

STATES = ("received", "checked", "imported")


class ImportProfile(Base):
    """How one source writes its files, under a name; never changed once made: a new name is a new profile."""

    __tablename__ = "import_profile"
    __table_args__ = {"schema": "devices"}

    id: Mapped[identifier]
    name: Mapped[str] = mapped_column(unique=True)
    mapping: Mapped[dict[str, Any]]
    """`devices.imports.profile.Profile.to_json`."""
    created_by: Mapped[str]
    created_at: Mapped[created]


class FileImport(Base):
    """One file with one profile: received, checked (what would happen), imported whole or not at all."""

    __tablename__ = "file_import"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        # The same file with the same profile is imported once, whoever asks at the same time.
        Index("ix_file_import_once", "attachment_id", "profile_id", unique=True, postgresql_where="state = 'imported'"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    profile_id: Mapped[int | None] = mapped_column(ForeignKey(ImportProfile.id))
    """None until somebody says how to read it."""
    state: Mapped[str] = mapped_column(default="received")
    size: Mapped[int]
    """Bytes."""
    rows_read: Mapped[int] = mapped_column(default=0)
    """How far the work under way is."""
    outcome: Mapped[dict[str, Any] | None]
    """`devices.imports.outcome.Outcome.to_json` of the latest check or of the import."""
    correction_reason: Mapped[str] = mapped_column(default="")
    job_id: Mapped[int | None] = mapped_column(ForeignKey(Job.id))
    received_by: Mapped[str]
    received_at: Mapped[dt.datetime]
    imported_by: Mapped[str] = mapped_column(default="")
    imported_at: Mapped[dt.datetime | None]

    attachment: Mapped[Attachment] = relationship()
    profile: Mapped[ImportProfile | None] = relationship()
