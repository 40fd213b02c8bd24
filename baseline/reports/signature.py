"""The energy signature of a plan: its baseline days, the days of its latest report, its fitted line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from baseline.measured_days import measured_days
from baseline.reports.charts import BalancePoint, SignatureDay, energy_signature
from baseline.reports.models import ReportDay, SavingsReport
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.fitting import DailyModel
    from baseline.plans.models import MeasurementPlan
    from foundation.look.charts import Chart
    from foundation.look.language import Language


LINE_POINTS = 80
WEEKDAYS, WEEKEND = {0, 1, 2, 3, 4}, {5, 6}


def signature_of(session: Session, plan: MeasurementPlan, model: DailyModel, language: Language) -> Chart:
    """Draw `plan` as its model sees it; only complete days are shown."""
    start, end = bounds(plan.baseline_period)
    days = [
        SignatureDay(day.day, float(day.celsius), float(day.kwh), "baseline")
        for day in measured_days(session, plan.boundary, plan.station, start, end)
        if day.kwh is not None and day.celsius is not None and day.hours == day.day_hours
    ]
    shown = list(days)
    latest = select(SavingsReport.id).where(SavingsReport.plan_id == plan.id).order_by(SavingsReport.id.desc()).limit(1)
    counted = select(ReportDay).where(ReportDay.report_id == latest.scalar_subquery(), ReportDay.counted)
    shown += [
        SignatureDay(one.day, float(one.temperature_c), float(one.measured_kwh), "reporting")
        for one in session.scalars(counted)
    ]
    return energy_signature(
        shown,
        curves=_lines(model, days, language),
        balance_points=_balance_points(model, days),
        station=plan.station.name,
        language=language,
    )


def _lines(
    model: DailyModel, days: Sequence[SignatureDay], language: Language
) -> dict[str, Sequence[tuple[float, float]]]:
    """Return the line of each kind of day the baseline knew, under the days of the week it stands for."""
    if not days:
        return {}
    kinds = list(zip(*model.types([day.day for day in days]), strict=True))
    lines: dict[str, Sequence[tuple[float, float]]] = {}
    for kind in dict.fromkeys(kinds):
        mine = [day for day, other in zip(days, kinds, strict=True) if other == kind]
        # A day that stands for the kind: the model is asked about it at every temperature.
        example = mine[0].day
        at = np.linspace(min(day.temperature for day in mine), max(day.temperature for day in mine), LINE_POINTS)
        label = _label({day.day.weekday() for day in mine}, len(mine), language) if len(set(kinds)) > 1 else ""
        energy = model.predict([example] * LINE_POINTS, at)
        lines[_unlike(label, lines)] = [(float(t), float(e)) for t, e in zip(at, energy, strict=True)]
    return lines


def _label(weekdays: set[int], count: int, language: Language) -> str:
    if weekdays <= WEEKDAYS and len(weekdays) > 1:
        return language.translate(N_("semaine"))
    if weekdays <= WEEKEND:
        return language.translate(N_("fin de semaine"))
    return language.translate(N_("{count} jours")).format(count=count)


def _unlike(label: str, others: dict[str, Sequence[tuple[float, float]]]) -> str:
    """Return `label`, numbered where another line has it already."""
    number, candidate = 1, label
    while candidate in others:
        number += 1
        candidate = f"{label} ({number})"
    return candidate


def _balance_points(model: DailyModel, days: Sequence[SignatureDay]) -> list[BalancePoint]:
    """Return the balance points of the regime most days belong to."""
    if not days:
        return []
    regimes, _levels = model.types([day.day for day in days])
    curve = model.regimes[int(np.bincount(regimes).argmax())].curve
    points = []
    if curve.heating_balance_point is not None:
        points.append(BalancePoint(curve.heating_balance_point, "heating"))
    if curve.cooling_balance_point is not None:
        points.append(BalancePoint(curve.cooling_balance_point, "cooling"))
    return points
