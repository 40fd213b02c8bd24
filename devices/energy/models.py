"""Clean energy, derived from readings and derivable again (truth 3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from devices.energy.reasons import Cause, Reason
from devices.points.models import MeteringPoint
from foundation.base import Base

# kWh with six places: splitting an interval loses less than a milliwatt-hour, and sums stay exact.
ENERGY = Numeric(18, 6)
REASONS = tuple(reason.value for reason in Reason)
CAUSES = tuple(cause.value for cause in Cause)


class HourlyEnergy(Base):
    """Energy of one point from `hour` (UTC, start of the interval) for an hour.

    `kwh` is None where the hour is not fully covered by valid indexes; `cause` says what the index did.
    `revision` grows by one each time the hour is derived differently; hours are never deleted.
    """

    __tablename__ = "hourly_energy"
    __table_args__ = (
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        CheckConstraint(f"cause IN {CAUSES}", name="cause"),
        CheckConstraint("(kwh IS NULL) = (reason IN ('missing', 'suspicious'))", name="kwh"),
        {"schema": "devices"},
    )

    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), primary_key=True)
    hour: Mapped[dt.datetime] = mapped_column(primary_key=True)
    kwh: Mapped[Decimal | None] = mapped_column(ENERGY)
    reason: Mapped[str]
    cause: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="1")


class DailyEnergy(Base):
    """Energy of one point in one local day of its site: the sum of the hours that have one, and how many.

    Where `hours_measured` < `hours_expected` (23, 24 or 25) the sum is not the day's.
    """

    __tablename__ = "daily_energy"
    __table_args__ = (
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        CheckConstraint("hours_measured BETWEEN 0 AND hours_expected", name="hours"),
        CheckConstraint("(kwh IS NULL) = (hours_measured = 0)", name="kwh"),
        {"schema": "devices"},
    )

    point_id: Mapped[int] = mapped_column(ForeignKey(MeteringPoint.id), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    kwh: Mapped[Decimal | None] = mapped_column(ENERGY)
    hours_measured: Mapped[int]
    hours_expected: Mapped[int]
    reason: Mapped[str]
    """The worst of its hours."""
    revision: Mapped[int] = mapped_column(server_default="1")
