"""The places of a municipality in a year: buildings measured together, what they used, what they would have used."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.indicators.rules import YEAR_DAYS, MeasuredYear
from baseline.plans.models import MeasurementPlan
from baseline.portfolio.gather import reports_of_year
from contracts.sites.models import Building, Holding
from devices.energy.derive import boundary_daily
from devices.points.models import BoundaryBuilding, MeasurementBoundary
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from baseline.reports.models import SavingsReport
    from contracts.parties.models import Shareholder

FINAL_ENERGIES = ("electricity", "gas", "heat")
"""What a building is delivered; water is no energy, and what its roof makes is another figure."""


@dataclass
class Place:
    """Buildings whose energy is measured together, with one figure for all of them."""

    buildings: list[Building]
    boundaries: list[MeasurementBoundary] = field(default_factory=list)
    years: list[MeasuredYear] = field(default_factory=list)
    reports: list[SavingsReport] = field(default_factory=list)

    @property
    def area(self) -> Decimal | None:
        """Square metres of all its buildings; None where one is not known."""
        areas = [one.floor_area_m2 for one in self.buildings]
        return None if None in areas else sum((one for one in areas if one is not None), Decimal(0))


def places_of(session: Session, owner: Shareholder, year: int) -> tuple[list[Place], list[Building]]:
    """Return what `owner` held through calendar `year`, measured; and buildings held for a part of it only."""
    first, end = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    held = select(Holding.building_id).where(Holding.shareholder_id == owner.id)
    whole = session.scalars(
        select(Building)
        .where(Building.id.in_(held.where(Holding.period.contains(Range(first, end)))))
        .order_by(Building.use, Building.id)
    ).all()
    part = session.scalars(
        select(Building)
        .where(
            Building.id.in_(held.where(Holding.period.overlaps(Range(first, end)))),
            Building.id.not_in([one.id for one in whole]),
        )
        .order_by(Building.id)
    ).all()
    places = _grouped(session, whole)
    reports = reports_of_year(session, year)
    for place in places:
        place.boundaries = _once(session, place.boundaries)
        place.reports = [one for one in reports if one.plan.boundary in place.boundaries]
        for boundary in place.boundaries:
            place.years.append(_year(session, boundary, place.reports, first, end))
    return places, list(part)


def _grouped(session: Session, buildings: Sequence[Building]) -> list[Place]:
    """Return the buildings joined wherever one boundary covers several; one that covers others' counts not."""
    place_of = {one.id: Place([one]) for one in buildings}
    boundaries = session.scalars(
        select(MeasurementBoundary)
        .where(
            MeasurementBoundary.energy.in_(FINAL_ENERGIES),
            MeasurementBoundary.id.in_(
                select(BoundaryBuilding.boundary_id).where(BoundaryBuilding.building_id.in_(place_of))
            ),
        )
        .order_by(MeasurementBoundary.id)
    ).all()
    for boundary in boundaries:
        if any(one.id not in place_of for one in boundary.buildings):
            continue
        first, *others = {id(place_of[one.id]): place_of[one.id] for one in boundary.buildings}.values()
        for other in others:
            first.buildings += other.buildings
            first.boundaries += other.boundaries
            place_of.update({one.id: first for one in other.buildings})
        first.boundaries.append(boundary)
    return list({id(place): place for place in place_of.values()}.values())


def _once(session: Session, boundaries: Iterable[MeasurementBoundary]) -> list[MeasurementBoundary]:
    """Return the boundaries of which no point is counted twice: those with a signed plan first, then the widest."""
    planned = set(
        session.scalars(select(MeasurementPlan.boundary_id).where(MeasurementPlan.state.in_(("signed", "superseded"))))
    )
    found: list[MeasurementBoundary] = []
    counted: set[int] = set()
    for one in sorted(boundaries, key=lambda one: (one.id not in planned, -len(one.terms), one.id)):
        points = {term.point_id for term in one.terms}
        if points and not points & counted:
            found.append(one)
            counted |= points
    return sorted(found, key=lambda one: one.id)


def _year(
    session: Session, boundary: MeasurementBoundary, reports: Sequence[SavingsReport], first: dt.date, end: dt.date
) -> MeasuredYear:
    kwh, days = _complete(session, boundary, first, end)
    report = next((one for one in reports if one.plan.boundary_id == boundary.id), None)
    if report is None:
        return MeasuredYear(boundary.energy, kwh, days, (end - first).days)
    reference, reference_days = _complete(session, boundary, *bounds(report.plan.baseline_period))
    return MeasuredYear(
        boundary.energy,
        kwh,
        days,
        (end - first).days,
        reference_kwh=reference * YEAR_DAYS / reference_days if reference_days else None,
        avoided_kwh=report.avoided_energy_kwh,
        counted_days=report.days_counted,
    )


def _complete(session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> tuple[Decimal, int]:
    """Return the kWh of the complete days of [start, end), and how many."""
    whole = [
        one.kwh
        for one in boundary_daily(session, boundary, start, end)
        if one.kwh is not None and one.hours_measured == one.hours_expected
    ]
    return sum(whole, Decimal(0)), len(whole)
