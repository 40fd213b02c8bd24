"""Make the provisional figure of a month, and know which months have none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from baseline.comparison import compare, measure
from baseline.fitting.kinds import daily_of, kind_of
from baseline.monitoring.inputs import inputs_of_months
from baseline.monitoring.rules import Month, leaves_its_plan
from baseline.plans.models import MeasurementPlan
from baseline.plans.windows import months_before
from baseline.reports.model import model_of
from baseline.reports.models import MonthlyFigure
from foundation.errors import Refusal
from foundation.money import kwh

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

LOOK_BACK = 12


class Due(NamedTuple):
    """A month that has no figure, or whose data have changed since it was made."""

    plan: MeasurementPlan
    month: dt.date
    inputs: str


def months_to_make(session: Session, today: dt.date) -> Iterator[Due]:
    """Yield each ended month of the last twelve of each signed plan that has no figure, or whose data came late."""
    plans = session.scalars(select(MeasurementPlan).where(MeasurementPlan.state == "signed")).all()
    if not plans:
        return
    this = today.replace(day=1)
    first, last = months_before(this, LOOK_BACK), months_before(this, 1)
    ids = [plan.id for plan in plans]
    inputs = inputs_of_months(session, ids, first, last)
    known = {
        (plan_id, month): said
        for plan_id, month, said in session.execute(
            select(MonthlyFigure.plan_id, MonthlyFigure.month, MonthlyFigure.inputs).where(
                MonthlyFigure.plan_id.in_(ids), MonthlyFigure.month >= first
            )
        )
    }
    for plan in plans:
        for back in range(LOOK_BACK, 0, -1):
            month = months_before(this, back)
            said = inputs.get((plan.id, month), "")
            if month >= plan.reporting_starts_on and known.get((plan.id, month)) != said:
                yield Due(plan, month, said)


def make_month(session: Session, plan: MeasurementPlan, month: dt.date, *, now: dt.datetime) -> MonthlyFigure | None:
    """Make or renew the figure of the month that begins on `month`; None where nothing was measured in it.

    No event is told: this is no report, and it is never billed.
    """
    figure = _month(session, plan, month)
    if figure is None:
        return None
    before = [_as_month(one) for one in figures_of(session, plan) if one.month < month]
    model, _, _ = model_of(plan, month, months_before(month, -1))
    errors = daily_of(model).statistics.month_errors
    warning = leaves_its_plan(figure, before, errors, plan.confidence_level)
    row = session.scalar(
        select(MonthlyFigure).where(MonthlyFigure.plan_id == plan.id, MonthlyFigure.month == month)
    ) or MonthlyFigure(plan=plan, month=month)
    row.avoided_kwh = kwh(figure.avoided_kwh)
    row.adjusted_baseline_kwh = kwh(figure.adjusted_baseline_kwh)
    row.days_counted, row.days_expected = figure.days_counted, figure.days_expected
    row.warning = warning.to_json() if warning else None
    row.inputs = inputs_of_months(session, [plan.id], month, month).get((plan.id, month))
    row.made_at = now
    session.add(row)
    session.flush()
    return row


def figures_of(session: Session, plan: MeasurementPlan) -> Sequence[MonthlyFigure]:
    """Return the months of `plan` in order."""
    query = select(MonthlyFigure).where(MonthlyFigure.plan_id == plan.id).order_by(MonthlyFigure.month)
    return session.scalars(query).all()


def _month(session: Session, plan: MeasurementPlan, month: dt.date) -> Month | None:
    end = months_before(month, -1)
    model, _, _ = model_of(plan, month, end)
    measured = measure(session, plan.boundary, plan.station, kind_of(model), start=month, end=end)
    try:
        estimate = compare(model, measured, plan.confidence_level)
    except Refusal:
        return None
    whole = estimate.total_adjusted_baseline_kwh
    days = (end - month).days
    return Month(f"{month:%Y-%m}", estimate.avoided_energy_kwh, whole, estimate.days_counted, days)


def _as_month(row: MonthlyFigure) -> Month:
    figures = float(row.avoided_kwh), float(row.adjusted_baseline_kwh)
    return Month(f"{row.month:%Y-%m}", *figures, row.days_counted, row.days_expected)
