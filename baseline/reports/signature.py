"""The energy signature of a plan: its baseline days, the days of its latest report, its fitted line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from baseline.fitting.kinds import daily_of
from baseline.measured_days import measured_days
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.signature_chart import BalancePoint, FittedLine, SignatureDay, energy_signature
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import DailyModel
    from baseline.fitting.curve import Curve
    from baseline.fitting.kinds import Model
    from baseline.plans.models import MeasurementPlan
    from foundation.look.charts import Chart
    from foundation.look.language import Language


LINE_POINTS = 80
WEEK_AND_WEEKEND = 2
WEEKDAYS, WEEKEND = {0, 1, 2, 3, 4}, {5, 6}


def signature_of(
    session: Session, plan: MeasurementPlan, frozen: Model, language: Language, *, report: SavingsReport | None = None
) -> Chart:
    """Draw `plan` as its model sees days, and the days of `report`, or of its latest one; only complete days."""
    model = daily_of(frozen)
    start, end = bounds(plan.baseline_period)
    days = [
        SignatureDay(day.day, float(day.celsius), float(day.kwh), "baseline")
        for day in measured_days(session, plan.boundary, plan.station, start, end)
        if day.kwh is not None and day.celsius is not None and day.hours == day.day_hours
    ]
    shown = list(days)
    latest = select(SavingsReport.id).where(SavingsReport.plan_id == plan.id).order_by(SavingsReport.id.desc()).limit(1)
    of = latest.scalar_subquery() if report is None else report.id
    counted = select(ReportDay).where(ReportDay.report_id == of, ReportDay.counted)
    shown += [
        SignatureDay(one.day, float(one.temperature_c), float(one.measured_kwh), "reporting")
        for one in session.scalars(counted)
        if one.temperature_c is not None and one.measured_kwh is not None
    ]
    curve = _main_curve(model, days) if days else None
    return energy_signature(
        shown,
        curves=_lines(model, days, language) if days else [],
        balance_points=_balance_points(curve) if curve else [],
        follows_temperature=any(one.curve.heating_slope or one.curve.cooling_slope for one in model.regimes),
        station=plan.station.name,
        language=language,
    )


def _lines(model: DailyModel, days: Sequence[SignatureDay], language: Language) -> list[FittedLine]:
    """Return the line of each kind of day the baseline knew; two kinds that are week and weekend are named so."""
    kinds = list(zip(*model.types([day.day for day in days]), strict=True))
    groups = {
        kind: [day for day, other in zip(days, kinds, strict=True) if other == kind] for kind in dict.fromkeys(kinds)
    }
    lines = []
    for mine in groups.values():
        # One day stands for its kind: the model is asked about it at every temperature.
        at = np.linspace(min(day.temperature for day in mine), max(day.temperature for day in mine), LINE_POINTS)
        energy = model.predict([mine[0].day] * LINE_POINTS, at)
        label = _label({day.day.weekday() for day in mine}, language) if len(groups) == WEEK_AND_WEEKEND else ""
        lines.append(FittedLine(tuple((float(t), float(e)) for t, e in zip(at, energy, strict=True)), label))
    return lines


def _label(weekdays: set[int], language: Language) -> str:
    if weekdays <= WEEKDAYS:
        return language.translate(N_("semaine"))
    return language.translate(N_("fin de semaine")) if weekdays <= WEEKEND else ""


def _balance_points(curve: Curve) -> list[BalancePoint]:
    points = []
    if curve.heating_balance_point is not None:
        points.append(BalancePoint(curve.heating_balance_point, "heating"))
    if curve.cooling_balance_point is not None:
        points.append(BalancePoint(curve.cooling_balance_point, "cooling"))
    return points


def _main_curve(model: DailyModel, days: Sequence[SignatureDay]) -> Curve:
    """Return the curve of the regime most days belong to."""
    regimes, _levels = model.types([day.day for day in days])
    return model.regimes[int(np.bincount(regimes).argmax())].curve
