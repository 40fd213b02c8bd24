"""Days whose saving does not count: too cold indoors, or of a month too little of which was measured.

What such a day or month used beyond its baseline goes on counting: leaving it out would be to the payer's cost.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from baseline.reports.acceptances import days_accepted_cold
from baseline.reports.comfort import cold_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from baseline.reports.models import ReportDay

DAY = dt.timedelta(days=1)
NOTHING = Decimal("0.000")


def avoided_by(rows: Iterable[ReportDay]) -> Decimal:
    """Return what `rows` avoided, by the same sums as every figure of a report."""
    counted = (row for row in rows if row.counted)
    return sum(((row.adjusted_baseline_kwh or NOTHING) - (row.measured_kwh or NOTHING) for row in counted), NOTHING)


def withhold_cold(session: Session, plan: MeasurementPlan, rows: Sequence[ReportDay]) -> tuple[list[dt.date], Decimal]:
    """Let no day count that saved because it was too cold indoors; return those days and what they avoided."""
    cold = cold_days(session, plan, rows[0].day, rows[-1].day + DAY) - days_accepted_cold(session, plan)
    days, withheld = [], NOTHING
    for row in rows:
        avoided = avoided_by([row])
        if row.counted and row.day in cold and avoided > 0:
            days.append(row.day)
            withheld += avoided
            _leave(row, "too_cold")
    return days, withheld


def withhold_thin(
    least: Decimal | None, rows: Sequence[ReportDay], start: dt.date, end: dt.date
) -> tuple[list[str], Decimal]:
    """Let no month of [start, end) save of which fewer than the part `least` of the days are complete.

    Returns those months as YYYY-MM and what they would have avoided. Days withheld for another reason were complete.
    """
    if least is None:
        return [], NOTHING
    days = Counter(f"{start + number * DAY:%Y-%m}" for number in range((end - start).days))
    months, unproven = [], NOTHING
    for month, group in groupby(rows, lambda row: f"{row.day:%Y-%m}"):
        mine = list(group)
        complete = sum(row.counted or row.reason in {"too_cold", "event"} for row in mine)
        avoided = avoided_by(mine)
        if complete < least * days[month] and avoided > 0:
            months.append(month)
            unproven += avoided
            for row in mine:
                if row.counted:
                    _leave(row, "thin_month")
    return months, unproven


def _leave(row: ReportDay, reason: str) -> None:
    row.counted, row.reason = False, reason
    row.measured_kwh = row.adjusted_baseline_kwh = None
    row.event_kwh = NOTHING
