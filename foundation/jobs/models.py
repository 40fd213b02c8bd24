"""A job is a row, its items are rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.base import Base, created, identifier


class Job(Base):
    """Work to be done item by item, one transaction each, by whoever holds the lease.

    States: queued, running, done, failed (all items ended, at least one refused), cancelled.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        Index("ix_job_open", "state", postgresql_where="state IN ('queued', 'running')"),
        {"schema": "foundation"},
    )

    id: Mapped[identifier]
    kind: Mapped[str]
    title: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    # Who asked: accounts live on the roof, so a number and a name, not a foreign key.
    account_id: Mapped[int | None]
    asked_by: Mapped[str] = mapped_column(default="")
    shareholder_id: Mapped[int | None]
    created_at: Mapped[created]
    finished_at: Mapped[dt.datetime | None]
    leased_until: Mapped[dt.datetime | None]

    items: Mapped[list[JobItem]] = relationship(back_populates="job", order_by="JobItem.id")


class JobItem(Base):
    """One unit of a job: done in one transaction together with its effect, or not at all."""

    __tablename__ = "job_item"
    __table_args__ = (
        UniqueConstraint("job_id", "key"),
        CheckConstraint("state IN ('queued', 'done', 'failed')", name="state"),
        {"schema": "foundation"},
    )

    id: Mapped[identifier]
    job_id: Mapped[int] = mapped_column(ForeignKey(Job.id))
    key: Mapped[str]
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]

    job: Mapped[Job] = relationship(back_populates="items")
