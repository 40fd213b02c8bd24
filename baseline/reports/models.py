"""Savings reports and their days."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.plans.models import MeasurementPlan
from foundation.base import Base, created, identifier, kwh


class SavingsReport(Base):
    """Avoided energy of one plan over [start, end) of local days; never changed, a newer revision is a new row."""

    __tablename__ = "savings_report"
    __table_args__ = (
        CheckConstraint("avoided_energy_kwh = adjusted_baseline_kwh - measured_kwh", name="avoided"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id), index=True)
    period: Mapped[Range[dt.date]]
    adjusted_baseline_kwh: Mapped[kwh]
    measured_kwh: Mapped[kwh]
    avoided_energy_kwh: Mapped[kwh]
    """Adjusted baseline minus measured: positive means less was used."""
    avoided_low_kwh: Mapped[kwh]
    avoided_high_kwh: Mapped[kwh]
    confidence_level: Mapped[float]
    intervals: Mapped[dict[str, Any]]
    """Every interval that could be computed, by name, as {"low", "high"} in kWh; the plan says which one counts."""
    days_counted: Mapped[int]
    days_expected: Mapped[int]
    findings: Mapped[list[Any]]
    inputs: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    """Hash of the canonical JSON of the report and its days."""
    made_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    plan: Mapped[MeasurementPlan] = relationship()
    days: Mapped[list[ReportDay]] = relationship(back_populates="report", order_by="ReportDay.day")


class ReportDay(Base):
    """One local day of a report: both sides count, or neither does, and the reason says why."""

    __tablename__ = "report_day"
    __table_args__ = {"schema": "baseline"}

    report_id: Mapped[int] = mapped_column(ForeignKey(SavingsReport.id), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    temperature_c: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    measured_kwh: Mapped[kwh | None]
    adjusted_baseline_kwh: Mapped[kwh | None]
    counted: Mapped[bool]
    reason: Mapped[str]
    """A code: measured, missing_energy, missing_temperature, partial_day."""

    report: Mapped[SavingsReport] = relationship(back_populates="days")
