"""What a report tells beside the saving, never billed: months, other baselines and years, a fixed climate, bills."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from baseline.comparison import Measured, compare, fit, measure, measure_baseline
from baseline.events.told import told
from baseline.fitting import BaselineData, fit_daily, sufficiency
from baseline.fitting.kinds import daily_of, kind_of
from baseline.fitting.reference import days_of_reference
from baseline.fitting.uncertainty import g14_half_width
from baseline.plans.windows import LOOK_BACK, months_before, other_windows
from baseline.reports.bills import bills_beside
from baseline.reports.withheld import NOTHING
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.events.rules import Reckoning
    from baseline.fitting import SavingsEstimate
    from baseline.fitting.kinds import Kind, Model
    from baseline.plans.models import MeasurementPlan
    from baseline.reports.models import ReportDay

DAY = dt.timedelta(days=1)
YEAR_MONTHS = 12


def analysis_of(
    session: Session,
    plan: MeasurementPlan,
    model: Model,
    measured: Measured,
    *,
    payable: Reckoning,
    rows: Sequence[ReportDay],
) -> dict[str, Any]:
    """Return what is told beside the saving of `rows`; every figure as text, what cannot be said left out."""
    told_all = {
        "kind": kind_of(model),
        "months": _months(rows, measured.start, measured.end),
        "windows": _windows(session, plan, model, measured, payable),
        "years": _years(session, plan, model, measured.end),
        "normalised": _normalised(plan, model, measured, rows),
        "bills": bills_beside(session, plan.boundary, measured.start, measured.end),
    }
    return {name: value for name, value in told_all.items() if value}


def _months(rows: Sequence[ReportDay], start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    """Return for each month of the period its days, those that count, and both sides."""
    expected = Counter(f"{start + number * DAY:%Y-%m}" for number in range((end - start).days))
    months = []
    for month, group in groupby(rows, lambda row: f"{row.day:%Y-%m}"):
        counted = [row for row in group if row.counted]
        adjusted = sum((row.adjusted_baseline_kwh or NOTHING for row in counted), NOTHING)
        used = sum((row.measured_kwh or NOTHING for row in counted), NOTHING)
        months.append(
            {
                "month": month,
                "days": expected[month],
                "counted": len(counted),
                "adjusted_baseline_kwh": f"{adjusted:.3f}",
                "measured_kwh": f"{used:.3f}",
            }
        )
    return months


def _windows(
    session: Session, plan: MeasurementPlan, model: Model, measured: Measured, payable: Reckoning
) -> list[dict[str, Any]]:
    """Return what every other admissible twelve whole months before the works would have said, the latest first.

    Of an hourly plan the daily model is asked: which year was taken matters, not how finely it is cut.
    """
    chosen = bounds(plan.baseline_period)
    kind: Kind = "billing" if kind_of(model) == "billing" else "daily"
    first, last = months_before(chosen[1].replace(day=1), LOOK_BACK), chosen[1]
    try:
        before = measure_baseline(session, plan.boundary, plan.station, kind, start=first, end=last)
    except Refusal:
        return []
    earliest = next((day.day for day in before.days if day.kwh is not None or kind == "billing"), last)
    calendar = daily_of(model).calendar
    reported = Measured(measured.start, measured.end, measured.days)
    found = []
    for start, end in other_windows(chosen):
        if start < earliest:
            continue
        other, findings = fit(kind, _part(before, start, end), holidays=calendar.holidays, vacations=calendar.vacations)
        if other is None or any(one.blocking for one in findings):
            continue
        estimate = _compared(other, reported, plan, payable)
        if estimate is not None:
            found.append({"start": start.isoformat(), "end": end.isoformat(), **_share(estimate)})
    return found


def _part(measured: Measured, start: dt.date, end: dt.date) -> Measured:
    days = [day for day in measured.days if start <= day.day < end]
    bills = measured.bills
    kept = None if bills is None else [bill for bill in bills if start <= bill.start and bill.end <= end]
    return Measured(start, end, days, None, kept)


def _compared(model: Model, measured: Measured, plan: MeasurementPlan, payable: Reckoning) -> SavingsEstimate | None:
    events = [one.event for one in payable.told if one.event is not None]
    silent = frozenset(dt.date.fromordinal(day) for one in payable.told for day in one.unmeasured)
    try:
        return compare(model, measured, plan.confidence_level, events=events, silent=silent)
    except Refusal:
        return None


def _years(session: Session, plan: MeasurementPlan, model: Model, end: dt.date) -> list[dict[str, Any]]:
    """Return what each whole year since the reporting began avoided, with agreed events told: whether it lasts."""
    found = []
    start = plan.reporting_starts_on
    while (after := _a_year_later(start)) <= end:
        measured = measure(session, plan.boundary, plan.station, kind_of(model), start=start, end=after)
        events = [one for _, one in told(session, plan.boundary, start, after) if one.agreed]
        silent = frozenset(dt.date.fromordinal(day) for one in events for day in one.unmeasured)
        told_events = [one.event for one in events if one.event is not None]
        try:
            estimate = compare(model, measured, plan.confidence_level, events=told_events, silent=silent)
        except Refusal:
            estimate = None
        if estimate is not None and estimate.days_counted:
            found.append({"start": start.isoformat(), "end": after.isoformat(), **_share(estimate)})
        start = after
    return found


def _a_year_later(day: dt.date) -> dt.date:
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _share(estimate: SavingsEstimate) -> dict[str, Any]:
    whole = estimate.total_adjusted_baseline_kwh
    return {
        "avoided_kwh": f"{estimate.avoided_energy_kwh:.3f}",
        "share": f"{estimate.avoided_energy_kwh / whole:.6f}" if whole > 0 else None,
    }


def _normalised(
    plan: MeasurementPlan, model: Model, measured: Measured, rows: Sequence[ReportDay]
) -> dict[str, Any] | None:
    """Return what would be avoided in the plan's reference year (IPMVP, normalised savings).

    A daily model is fitted on the counted days of the report, and both models are asked about the same weather. None
    where the period does not carry a model of its own, or the plan froze no reference year.
    """
    if not plan.reference_weather:
        return None
    after = _reporting_as_baseline(measured, rows)
    if any(one.blocking for one in sufficiency(after)):
        return None
    before, calendar = daily_of(model), daily_of(model).calendar
    now = fit_daily(after, holidays=calendar.holidays, vacations=calendar.vacations)
    celsius = [float(value) for value in plan.reference_weather["celsius"]]
    days = days_of_reference()
    baseline = math.fsum(before.predict(days, celsius).tolist())
    used = math.fsum(now.predict(days, celsius).tolist())
    widths = [g14_half_width(one.statistics, len(days), YEAR_MONTHS, plan.confidence_level) for one in (before, now)]
    known = [width for width in widths if width is not None]
    return {
        "baseline_kwh": f"{baseline:.3f}",
        "reporting_kwh": f"{used:.3f}",
        "avoided_kwh": f"{baseline - used:.3f}",
        "half_width_kwh": f"{math.hypot(*known):.3f}" if len(known) == len(widths) else None,
        "months": plan.reference_weather["months"],
    }


def _reporting_as_baseline(measured: Measured, rows: Sequence[ReportDay]) -> BaselineData:
    hours = {day.day: day for day in measured.days}
    counted = [row for row in rows if row.counted and row.temperature_c is not None and row.measured_kwh is not None]
    return BaselineData.of(
        [row.day for row in counted],
        [float(row.measured_kwh or 0) for row in counted],
        [float(row.temperature_c or 0) for row in counted],
        hours=[hours[row.day].hours for row in counted],
        day_hours=[hours[row.day].day_hours for row in counted],
        start=measured.start,
        end=measured.end - DAY,
    )
