"""The rule of retention, and the months it has detached."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.base import Base, created, identifier

KINDS = ("reading", "ingest_heartbeat")


class Retention(Base):
    """How many months rows of one kind stay at hand; readings beyond are detached, heartbeats deleted.

    Readings evidence depends on stay whatever the rule says (`devices.reading_month_kept_by`, migration 0008).
    """

    __tablename__ = "retention"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("keep_months BETWEEN 13 AND 1200", name="keep_months"),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    kind: Mapped[str] = mapped_column(unique=True)
    keep_months: Mapped[int]


class DetachedMonth(Base):
    """A month (UTC) of readings that was moved to the schema `archive`, until `attached_at` where it came back.

    Readings up to its end are closed: a late one is a dead letter, energy is not derived from them again.
    """

    __tablename__ = "detached_month"
    __table_args__ = (CheckConstraint("extract(day FROM month) = 1", name="month"), {"schema": "devices"})

    id: Mapped[identifier]
    month: Mapped[dt.date] = mapped_column(unique=True)
    detached_at: Mapped[created]
    attached_at: Mapped[dt.datetime | None]
