"""The days of a plan, and of its reports, whose temperature is no longer what they were made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from baseline.measured_days import boundary_zone
from baseline.reports.models import SavingsReport
from baseline.weather.revised import revised_days
from foundation.time import bounds

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from baseline.weather.revised import RevisedDay


class Difference(NamedTuple):
    """What stands, since when, over which days, and which of them were revised after."""

    report: SavingsReport | None
    """None: the plan itself."""
    start: dt.date
    end: dt.date
    since: dt.datetime
    days: list[RevisedDay]


def differences(session: Session, plan: MeasurementPlan) -> list[Difference]:
    """Return the difference of a frozen plan and of the newest report of each of its periods."""
    if plan.frozen_at is None:
        return []
    newest = select(func.max(SavingsReport.id)).where(SavingsReport.plan_id == plan.id).group_by(SavingsReport.period)
    reports = session.scalars(select(SavingsReport).where(SavingsReport.id.in_(newest)).order_by(SavingsReport.period))
    zone = boundary_zone(plan.boundary)
    made: list[tuple[SavingsReport | None, tuple[dt.date, dt.date], dt.datetime]] = [
        (None, bounds(plan.baseline_period), plan.frozen_at),
        *((report, bounds(report.period), report.made_at) for report in reports),
    ]
    return [
        Difference(
            report,
            start,
            end,
            since,
            revised_days(session, plan.station, start, end, since=since, zone=zone),
        )
        for report, (start, end), since in made
    ]
