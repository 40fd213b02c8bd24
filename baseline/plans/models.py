"""The measurement plan."""

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
    state: Mapped[str] = mapped_column(default="draft")
    model: Mapped[dict[str, Any] | None]
    """The frozen model, `baseline.fitting.DailyModel.to_json`."""
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
