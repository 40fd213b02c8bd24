"""The measurement plan, and the signed documents deposited for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.weather.models import Station
from contracts.agreements.models import Agreement
from devices.points.models import MeasurementBoundary, MeteringPoint
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier


class MeasurementPlan(Base):
    """How the savings of a boundary are measured: IPMVP option C, window, station, frozen model.

    States: draft, frozen, signed, superseded. What is frozen never changes (a trigger sees to it);
    signing adds the agreement it is an annex of.
    """

    __tablename__ = "measurement_plan"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'frozen', 'signed', 'superseded')", name="state"),
        CheckConstraint("interval IN ('g14', 'empirical')", name="interval"),
        CheckConstraint("state = 'draft' OR (model IS NOT NULL AND sha256 IS NOT NULL)", name="frozen"),
        CheckConstraint("state <> 'signed' OR (agreement_id IS NOT NULL AND signed_on IS NOT NULL)", name="signed"),
        CheckConstraint("model_kind IN ('auto', 'daily', 'hourly', 'billing')", name="model_kind"),
        CheckConstraint("school_zone IN ('A', 'B', 'C')", name="school_zone"),
        CheckConstraint("window_rule IN ('latest', 'agreed')", name="window_rule"),
        CheckConstraint("least_completeness BETWEEN 0 AND 1", name="least_completeness"),
        CheckConstraint("most_cv_rmse > 0", name="most_cv_rmse"),
        CheckConstraint("expected_saving > 0 AND expected_saving < 1", name="expected_saving"),
        CheckConstraint("hot_water IN ('none', 'measured_apart', 'included')", name="hot_water"),
        CheckConstraint(
            "num_nulls(comfort_point_id, comfort_minimum_c, occupied_from, occupied_until) IN (0, 4)", name="comfort"
        ),
        CheckConstraint("0 <= occupied_from AND occupied_from < occupied_until AND occupied_until <= 24", name="hours"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id), index=True)
    station_id: Mapped[int] = mapped_column(ForeignKey(Station.id))
    baseline_period: Mapped[Range[dt.date]]
    """Local days [start, end) before the works."""
    reporting_starts_on: Mapped[dt.date]
    """First local day after the works from which savings count."""
    confidence_level: Mapped[float] = mapped_column(default=0.9)
    interval: Mapped[str] = mapped_column(default="g14")
    """Which interval counts: "g14" (ASHRAE Guideline 14) or "empirical" (the building's own months)."""
    hot_water: Mapped[str | None]
    """Domestic hot water as declared: none, measured_apart (m³ × q), included in what the model learned."""
    comfort_point_id: Mapped[int | None] = mapped_column(ForeignKey(MeteringPoint.id))
    """Where the indoor temperature is measured."""
    comfort_minimum_c: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    """Below it, in occupied hours, a day's saving is not payable."""
    occupied_from: Mapped[int | None]
    occupied_until: Mapped[int | None]
    """Local hours [from, until) of Mondays to Fridays that are no public holiday."""
    model_kind: Mapped[str] = mapped_column(default="daily", server_default="daily")
    """What was asked for; the frozen model names the kind it is."""
    school_zone: Mapped[str | None]
    """Zone whose school holidays the model tells apart."""
    window_rule: Mapped[str | None]
    """How the baseline period was found: "latest" (the last twelve whole months before the works) or "agreed"."""
    least_completeness: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    """Part of a month's days that have to be complete for what the month avoided to count."""
    most_cv_rmse: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    """What the verdict on the model asks of CV(RMSE), a fraction, where that is not the guideline's."""
    expected_saving: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    """Part of the baseline the works are expected to save: what the uncertainty is held against."""
    headings: Mapped[dict[str, Any] | None]
    """What IPMVP wants written beside the figures, by heading; see `baseline.plans.headings`."""
    reference_weather: Mapped[dict[str, Any] | None]
    """Fixed conditions of normalised savings, frozen with the model; see `baseline.plans.reference`."""
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("baseline.measurement_plan.id"), index=True)
    """The plan this version replaces once it is signed."""
    state: Mapped[str] = mapped_column(default="draft")
    model: Mapped[dict[str, Any] | None]
    """The frozen model, as `to_json` of its kind writes it; its "format" names the kind."""
    findings: Mapped[list[Any] | None]
    inputs: Mapped[dict[str, Any] | None]
    """What the model was fitted on: per input its SHA-256 and counts."""
    sha256: Mapped[str | None]
    """Hash of the canonical JSON of the frozen plan: what the agreement's annex quotes."""
    frozen_at: Mapped[dt.datetime | None]
    frozen_by: Mapped[str | None]
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey(Agreement.id), index=True)
    signed_on: Mapped[dt.date | None]
    created_at: Mapped[created]

    boundary: Mapped[MeasurementBoundary] = relationship()
    station: Mapped[Station] = relationship()
    comfort_point: Mapped[MeteringPoint | None] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    supersedes: Mapped[MeasurementPlan | None] = relationship(remote_side="MeasurementPlan.id")
    deposits: Mapped[list[PlanDeposit]] = relationship(back_populates="plan", order_by="PlanDeposit.id")


class PlanDeposit(Base):
    """The signed document of a plan as it came back: the original, who signed it, by which act; only ever added."""

    __tablename__ = "plan_deposit"
    __table_args__ = (CheckConstraint("signatories <> ''", name="signatories"), {"schema": "baseline"})

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id), index=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    signatories: Mapped[str]
    act_reference: Mapped[str] = mapped_column(default="")
    """Deliberation or decision, with its number and date, as the parties quote it."""
    signed_on: Mapped[dt.date]
    deposited_by: Mapped[str]
    deposited_at: Mapped[dt.datetime]
    created_at: Mapped[created]

    plan: Mapped[MeasurementPlan] = relationship(back_populates="deposits")
    attachment: Mapped[Attachment] = relationship()
