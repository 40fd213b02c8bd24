"""A report as pictures: its months, its cumulative sum, its calendar and its hours, drawn of the days it counts."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import TYPE_CHECKING

from baseline.events.words import KIND_WORDS
from baseline.fitting.detectable import half_width
from baseline.fitting.kinds import model_from_json
from baseline.measured_hours import measured_hours
from baseline.reports.calendar import DayOfSavings, calendar
from baseline.reports.carpet import DayOfHours, carpet
from baseline.reports.charts import CumulativeDay, MonthOfSavings, NumberedEvent, cusum, measured_against_baseline
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.reports.models import SavingsReport
    from foundation.look.charts import Chart
    from foundation.look.language import Language

REASONS = {
    "measured": "",
    "measured_in_total": N_("mesuré en tout, réparti entre deux index"),
    "missing_energy": N_("énergie manquante"),
    "missing_temperature": N_("température manquante"),
    "partial_day": N_("jour incomplet"),
    "event": N_("événement : jour retiré des deux côtés"),
    "too_cold": N_("trop froid à l'intérieur : économie non due"),
    "thin_month": N_("mois trop peu mesuré : économie non prouvée"),
}


def measured_chart(shown: SavingsReport, language: Language) -> Chart:
    """Draw the counted days of `shown`, month by month, with what each month's baseline may be off by."""
    return measured_against_baseline(
        _months(shown),
        avoided_kwh=float(shown.avoided_energy_kwh),
        low=float(shown.avoided_low_kwh),
        high=float(shown.avoided_high_kwh),
        confidence=shown.confidence_level,
        station=shown.plan.station.name,
        language=language,
    )


def _months(shown: SavingsReport) -> list[MonthOfSavings]:
    model = model_from_json(shown.plan.model or {})
    months = []
    for first, group in groupby((day for day in shown.days if day.counted), lambda day: day.day.replace(day=1)):
        counted = list(group)
        baseline = float(sum(day.adjusted_baseline_kwh or 0 for day in counted))
        width = half_width(model, shown.plan.interval, len(counted), 1, shown.confidence_level)
        months.append(
            MonthOfSavings(
                start=first,
                end=(first + dt.timedelta(days=31)).replace(day=1),
                measured_kwh=float(sum(day.measured_kwh or 0 for day in counted)),
                adjusted_baseline_kwh=baseline,
                low=None if width is None else max(baseline - width, 0.0),
                high=None if width is None else baseline + width,
            )
        )
    return months


def cusum_chart(shown: SavingsReport, language: Language) -> Chart:
    """Draw what `shown` avoided since its first day, with its numbered events."""
    days, total = [], 0.0
    for day in shown.days:
        if day.counted:
            total += float((day.adjusted_baseline_kwh or 0) - (day.measured_kwh or 0))
        reason = language.translate(REASONS[day.reason]) if REASONS[day.reason] else ""
        days.append(CumulativeDay(day.day, total if day.counted else None, reason))
    events = [
        NumberedEvent(one["number"], dt.date.fromisoformat(one["start"]), language.translate(KIND_WORDS[one["kind"]]))
        for one in shown.events
    ]
    return cusum(days, events=events, language=language)


def calendar_chart(shown: SavingsReport, language: Language) -> Chart:
    """Draw each day of `shown` by what it used beside its adjusted baseline."""
    days = [
        DayOfSavings(
            day.day,
            float(day.measured_kwh) if day.counted and day.measured_kwh is not None else None,
            float(day.adjusted_baseline_kwh) if day.counted and day.adjusted_baseline_kwh is not None else None,
            language.translate(REASONS[day.reason]) if REASONS[day.reason] else "",
        )
        for day in shown.days
    ]
    return calendar(days, language=language)


def carpet_chart(session: Session, shown: SavingsReport, language: Language) -> Chart | None:
    """Draw each hour of the period as it is measured today; None where no hour is, of bills or daily indexes."""
    plan = shown.plan
    start, end = bounds(shown.period)
    days = [
        DayOfHours(day, tuple(_mean(values) for values in hours))
        for day, hours in measured_hours(session, plan.boundary, plan.station, start, end).on_the_wall()
    ]
    return carpet(days, language=language) if any(one is not None for day in days for one in day.kwh) else None


def _mean(values: Sequence[Decimal]) -> float | None:
    return float(sum(values) / len(values)) if values else None
