"""Savings reports, their days, and the findings both parties accepted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.events.rules import PARTIES
from baseline.plans.models import MeasurementPlan
from foundation.attachments.models import Attachment
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
    events: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    """Events and versions it knew, with their hashes and what came of each; see `baseline.reports.told`."""
    unadjusted_avoided_kwh: Mapped[kwh | None]
    """As if no event had been told."""
    adjusted_avoided_kwh: Mapped[kwh | None]
    """As if every event, the open ones included, were agreed."""
    held_kwh: Mapped[kwh] = mapped_column(default=Decimal("0.000"), server_default=text("0"))
    """Avoided energy that does not count until both parties decide (truth 5): zero or positive."""
    analysis: Mapped[dict[str, Any] | None]
    """What is told beside the saving, none of it billed: months, other windows, persistence, normalised savings."""
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
    """A code: measured, missing_energy, missing_temperature, partial_day, event, too_cold, thin_month."""
    event_kwh: Mapped[kwh] = mapped_column(default=Decimal("0.000"), server_default=text("0"))
    """What events added to the meter: already taken off `measured_kwh`."""

    report: Mapped[SavingsReport] = relationship(back_populates="days")


class FindingAcceptance(Base):
    """One party accepts a finding that blocks payable figures; only ever added, and both have to."""

    __tablename__ = "finding_acceptance"
    __table_args__ = (
        UniqueConstraint("plan_id", "code", "about", "party"),
        CheckConstraint(f"party IN {PARTIES}", name="party"),
        CheckConstraint("reason <> ''", name="reason"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey(SavingsReport.id))
    """The report it was read in; None where the plan itself says it."""
    code: Mapped[str]
    about: Mapped[str]
    """Which one of that code: an event, a period; empty where there is only one."""
    finding: Mapped[dict[str, Any]]
    """The finding as it was accepted, figures and all."""
    party: Mapped[str]
    by: Mapped[str]
    account_id: Mapped[int | None]
    accepted_on: Mapped[dt.date]
    reason: Mapped[str]
    created_at: Mapped[created]


class SavingsDocument(Base):
    """A plan or a report printed once, in one language: the first rendering is the original."""

    __tablename__ = "savings_document"
    __table_args__ = (
        UniqueConstraint("plan_id", "report_id", "language", postgresql_nulls_not_distinct=True),
        CheckConstraint("language IN ('fr', 'en')", name="language"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id))
    report_id: Mapped[int | None] = mapped_column(ForeignKey(SavingsReport.id), index=True)
    """None where it is the plan itself."""
    language: Mapped[str]
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    made_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    attachment: Mapped[Attachment] = relationship()


class MonthlyFigure(Base):
    """What a signed plan's building avoided in one month, provisionally: told early, never billed."""

    __tablename__ = "monthly_figure"
    __table_args__ = (UniqueConstraint("plan_id", "month"), {"schema": "baseline"})

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id))
    month: Mapped[dt.date]
    """Its first day."""
    avoided_kwh: Mapped[kwh]
    adjusted_baseline_kwh: Mapped[kwh]
    days_counted: Mapped[int]
    days_expected: Mapped[int]
    warning: Mapped[dict[str, Any] | None]
    """A finding where the building leaves its plan; None where it keeps to it."""
    inputs: Mapped[str | None]
    """What it was made from (baseline.monitoring.inputs): once that reads otherwise, the month is made again."""
    made_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    plan: Mapped[MeasurementPlan] = relationship()
