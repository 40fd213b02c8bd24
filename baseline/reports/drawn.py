"""A report as pictures: its months and its cumulative sum, drawn of the days it counts."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import TYPE_CHECKING

from baseline.events.words import KIND_WORDS
from baseline.reports.charts import CumulativeDay, MonthOfSavings, NumberedEvent, cusum, measured_against_baseline
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baseline.reports.models import ReportDay, SavingsReport
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
    """Draw the counted days of `shown`, month by month."""
    return measured_against_baseline(
        _months([day for day in shown.days if day.counted]),
        avoided_kwh=float(shown.avoided_energy_kwh),
        low=float(shown.avoided_low_kwh),
        high=float(shown.avoided_high_kwh),
        confidence=shown.confidence_level,
        station=shown.plan.station.name,
        language=language,
    )


def _months(days: Sequence[ReportDay]) -> list[MonthOfSavings]:
    months = []
    for first, group in groupby(days, lambda day: day.day.replace(day=1)):
        counted = list(group)
        months.append(
            MonthOfSavings(
                start=first,
                end=(first + dt.timedelta(days=31)).replace(day=1),
                measured_kwh=float(sum(day.measured_kwh or 0 for day in counted)),
                adjusted_baseline_kwh=float(sum(day.adjusted_baseline_kwh or 0 for day in counted)),
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
