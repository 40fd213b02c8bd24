"""Ratios of two metering chains, found where both counted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.inventory.models import Installation
from devices.points.models import MeteringPoint
from foundation.base import Base, created, identifier


class OverlapRatio(Base):
    """What one chain counted for each kWh of the other on the days both counted, with its uncertainty."""

    __tablename__ = "overlap_ratio"
    __table_args__ = (
        CheckConstraint("days >= 30", name="days"),
        CheckConstraint("numerator_id <> denominator_id", name="two_chains"),
        CheckConstraint(
            "num_nonnulls(applied_to_id, applied_by, applied_at) IN (0, 3)"
            " AND (applied_to_id IS NULL OR applied_to_id IN (numerator_id, denominator_id))",
            name="applied",
        ),
        {"schema": "devices"},
    )

    id: Mapped[identifier]
    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), index=True)
    numerator_id: Mapped[int] = mapped_column(ForeignKey(Installation.id))
    denominator_id: Mapped[int] = mapped_column(ForeignKey(Installation.id))
    period: Mapped[Range[dt.date]]
    days: Mapped[int]
    ratio: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    standard_error: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    autocorrelation: Mapped[Decimal] = mapped_column(Numeric(6, 4))
    """Lag-1 of the residuals, which widens the error."""
    computed_by: Mapped[str]
    created_at: Mapped[created]
    applied_to_id: Mapped[int | None] = mapped_column(ForeignKey(Installation.id))
    """The chain whose factor was multiplied, so that it counts as the other one; None while it is only known."""
    applied_by: Mapped[str | None]
    applied_at: Mapped[dt.datetime | None]

    point: Mapped[MeteringPoint] = relationship()
    numerator: Mapped[Installation] = relationship(foreign_keys=numerator_id)
    denominator: Mapped[Installation] = relationship(foreign_keys=denominator_id)
    applied_to: Mapped[Installation | None] = relationship(foreign_keys=applied_to_id)
