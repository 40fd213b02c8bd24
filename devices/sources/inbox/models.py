"""What came: every file once by its content, and under which name each time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier
from foundation.jobs.models import Job

STATES = ("waiting", "done", "refused", "unknown_key")


class SourceFile(Base):
    """One content, however often and under whatever name it was dropped."""

    __tablename__ = "source_file"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state"), {"schema": "devices"})

    id: Mapped[identifier]
    sha256: Mapped[str] = mapped_column(unique=True)
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    """None of a file too large to be any flow: its bytes are not kept."""
    name: Mapped[str]
    """Its name the first time."""
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="waiting")
    reason: Mapped[str] = mapped_column(default="")
    """A stable code of why it was not taken."""
    sentence: Mapped[str] = mapped_column(default="")
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`devices.sources.inbox.process.Told.to_json`."""
    job_id: Mapped[int | None] = mapped_column(ForeignKey(Job.id))
    received_at: Mapped[dt.datetime]
    processed_at: Mapped[dt.datetime | None]

    attachment: Mapped[Attachment | None] = relationship()
    drops: Mapped[list[SourceDrop]] = relationship(back_populates="file", order_by="SourceDrop.id")


class SourceDrop(Base):
    """One time a file was found in the folder: name, size and time of writing, so that it is not read again."""

    __tablename__ = "source_drop"
    __table_args__ = (UniqueConstraint("name", "size", "written_at"), {"schema": "devices"})

    id: Mapped[identifier]
    file_id: Mapped[int] = mapped_column(ForeignKey(SourceFile.id), index=True)
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    written_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    file: Mapped[SourceFile] = relationship(back_populates="drops")
