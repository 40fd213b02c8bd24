"""What a portfolio is the sum of, and the buildings it is shown beside."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from baseline.comparison import compare, fit, measure
from baseline.fitting.kinds import daily_of, model_from_json
from baseline.fitting.portfolio import Part, Sum, drift_of_group, portfolio
from baseline.measured_days import public_holidays
from baseline.plans.models import MeasurementPlan
from baseline.reports.models import SavingsReport
from contracts.measures.models import Measure
from contracts.sites.models import Building
from devices.points.models import BoundaryBuilding, MeasurementBoundary
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station

MOST_OTHERS = 20
"""Buildings without works that are asked for one page."""

MOST_MISSING = 10
"""One day in ten may be missing of a year that says something (coverage rule of the plans)."""


class Drift(NamedTuple):
    """How much a building without works changed from one year to the next, as a fraction of its baseline."""

    boundary: MeasurementBoundary
    use: str
    share: float


@dataclass(frozen=True)
class Portfolio:
    """Reports of one year, their sum, and what buildings without works did meanwhile."""

    start: dt.date
    end: dt.date
    reports: Sequence[SavingsReport]
    total: Sum
    others: Sequence[Drift]

    @property
    def drift(self) -> tuple[float, float, float] | None:
        """Return the middle of the others' drift, the least and the most."""
        return drift_of_group([one.share for one in self.others])


def portfolio_of(session: Session, year: int, confidence: float) -> Portfolio:
    """Return what the newest reports within calendar `year` avoided together, one a plan: the one of most days."""
    start, end = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    reports = sorted(reports_of_year(session, year), key=lambda one: -one.avoided_energy_kwh)
    total = portfolio([_part(one) for one in reports], confidence)
    return Portfolio(start, end, reports, total, others_of(session, reports, start, end))


def reports_of_year(session: Session, year: int) -> list[SavingsReport]:
    """Return the newest reports within calendar `year`, one a plan: the one of most days."""
    start, end = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    newest = (
        select(func.max(SavingsReport.id))
        .where(SavingsReport.period.contained_by(Range(start, end)))
        .group_by(SavingsReport.plan_id, SavingsReport.period)
    )
    longest: dict[int, SavingsReport] = {}
    for report in session.scalars(select(SavingsReport).where(SavingsReport.id.in_(newest)).order_by(SavingsReport.id)):
        known = longest.get(report.plan_id)
        if known is None or report.days_expected >= known.days_expected:
            longest[report.plan_id] = report
    return list(longest.values())


def _part(report: SavingsReport) -> Part:
    model = daily_of(model_from_json(report.plan.model or {}))
    figures = float(report.avoided_energy_kwh), float(report.adjusted_baseline_kwh)
    return Part(model, *figures, float(report.days_counted))


def others_of(session: Session, reports: Sequence[SavingsReport], start: dt.date, end: dt.date) -> list[Drift]:
    """Return the drift over [start, end) of buildings of the same use and energy without works before its end.

    Each is compared with its own year before, at the station of the portfolio's first plan. A building whose two years
    are not whole says nothing.
    """
    if not reports:
        return []
    station = reports[0].plan.station
    uses = {building.use for report in reports for building in report.plan.boundary.buildings}
    energies = {report.plan.boundary.energy for report in reports}
    planned = select(MeasurementPlan.boundary_id).where(MeasurementPlan.state != "draft")
    worked = select(Measure.building_id).where(Measure.done_on < end)
    rows = session.execute(
        select(MeasurementBoundary, func.min(Building.use))
        .join(BoundaryBuilding, BoundaryBuilding.boundary_id == MeasurementBoundary.id)
        .join(Building, Building.id == BoundaryBuilding.building_id)
        .where(
            Building.use.in_(uses),
            MeasurementBoundary.energy.in_(energies),
            MeasurementBoundary.id.not_in(planned),
            Building.id.not_in(worked),
        )
        .group_by(MeasurementBoundary.id)
        .order_by(MeasurementBoundary.name)
        .limit(MOST_OTHERS)
    )
    drifts = ((boundary, use, _share(session, boundary, station, start, end)) for boundary, use in rows.all())
    return [Drift(boundary, use, share) for boundary, use, share in drifts if share is not None]


def _share(
    session: Session, boundary: MeasurementBoundary, station: Station, start: dt.date, end: dt.date
) -> float | None:
    before = start.replace(year=start.year - 1)
    measured = measure(session, boundary, station, "daily", start=before, end=start)
    holidays = public_holidays(boundary, before, end)
    model, findings = fit("daily", measured, holidays=holidays, vacations=frozenset())
    if model is None or any(one.blocking for one in findings):
        return None
    try:
        estimate = compare(model, measure(session, boundary, station, "daily", start=start, end=end), 0.9)
    except Refusal:
        return None
    whole = estimate.total_adjusted_baseline_kwh
    return (
        estimate.avoided_energy_kwh / whole if whole > 0 and 10 * estimate.days_left_out < (end - start).days else None
    )
