"""A building that leaves its plan, told among the alerts of the fleet: one check of `devices.alerts` more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from baseline.plans.models import MeasurementPlan
from baseline.reports.models import MonthlyFigure
from devices.alerts.finding import Finding
from devices.alerts.rules import BAD, BETWEEN, GOOD

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from devices.alerts.rules import Judgement

JUDGED: Final = {"leaves_its_plan": BAD, "month_thin": BETWEEN}
"""By the name of the month's warning: too little measured says neither that a building left nor that it is back."""


def latest_months(session: Session) -> Sequence[MonthlyFigure]:
    """Return the latest month there is of each signed plan."""
    newest = (
        select(MonthlyFigure.plan_id, func.max(MonthlyFigure.month).label("month"))
        .join(MeasurementPlan)
        .where(MeasurementPlan.state == "signed")
        .group_by(MonthlyFigure.plan_id)
        .subquery()
    )
    return session.scalars(
        select(MonthlyFigure)
        .join(newest, (newest.c.plan_id == MonthlyFigure.plan_id) & (newest.c.month == MonthlyFigure.month))
        .options(joinedload(MonthlyFigure.plan).joinedload(MeasurementPlan.boundary))
        .order_by(MonthlyFigure.month.desc(), MonthlyFigure.id)
    ).all()


def off_plan(session: Session, _now: dt.datetime) -> list[Finding]:
    """Find the boundaries whose latest month used more than their signed plan lets expect."""
    return [_finding(figure) for figure in latest_months(session)]


def _finding(figure: MonthlyFigure) -> Finding:
    boundary = figure.plan.boundary
    warning = figure.warning or {}
    judgement: Judgement = JUDGED[warning["name"]] if warning else GOOD
    data = warning.get("data", {})
    site = boundary.buildings[0].site_id if boundary.buildings else None
    return Finding(
        f"boundary {boundary.id}",
        judgement,
        {
            "boundary": boundary.name,
            "month": figure.month.isoformat(),
            "missing_kwh": data.get("missing", 0),
            "slack_kwh": data.get("slack", 0),
        },
        # Who holds the building of its first point hears of it.
        point_id=boundary.terms[0].point_id if boundary.terms else None,
        site_id=site,
    )
