"""How a boundary used around an event: measured less baseline day by day, and its level before, during and after."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from baseline.fitting.kinds import daily_of, model_from_json
from baseline.measured_days import measured_days, reporting_data
from baseline.plans.models import MeasurementPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

AROUND = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Level:
    """The mean of measured less baseline over local days [start, end), kWh a day; `name`: before, during, after."""

    name: str
    start: dt.date
    end: dt.date
    mean_kwh: float


@dataclass(frozen=True, slots=True)
class Residual:
    """One complete local day: measured less baseline, kWh."""

    day: dt.date
    kwh: float


def levels_around(
    session: Session, boundary_id: int, start: dt.date, end: dt.date | None, today: dt.date
) -> tuple[list[Residual], list[Level]]:
    """Return the complete days from 60 days before [start, end) to 60 days after, by the plan in force; none without.

    An event without end is taken until the last day that was measured.
    """
    plan = session.scalar(
        select(MeasurementPlan)
        .where(MeasurementPlan.boundary_id == boundary_id, MeasurementPlan.state.in_(("frozen", "signed")))
        .order_by((MeasurementPlan.state == "signed").desc(), MeasurementPlan.id.desc())
        .limit(1)
    )
    stop = min(end or today, today)
    if plan is None or stop <= start:
        return [], []
    first, last = start - AROUND, min(stop + AROUND, today)
    days = measured_days(session, plan.boundary, plan.station, first, last)
    reporting = reporting_data(days, first, last)
    model = daily_of(model_from_json(plan.model or {}))
    baseline = model.predict(reporting.days, reporting.temperature_c) * reporting.weight
    residuals = [
        Residual(day, float(measured - expected))
        for day, measured, expected, counts in zip(
            reporting.days, reporting.kwh, baseline, reporting.complete, strict=True
        )
        if counts
    ]
    if end is None and residuals:
        stop = max(start, min(stop, residuals[-1].day + dt.timedelta(days=1)))
    parts = (("before", first, start), ("during", start, stop), ("after", stop, last))
    return residuals, [level for name, begin, until in parts for level in _level(name, begin, until, residuals)]


def _level(name: str, start: dt.date, end: dt.date, residuals: Sequence[Residual]) -> list[Level]:
    inside = [one.kwh for one in residuals if start <= one.day < end]
    return [Level(name, start, end, math.fsum(inside) / len(inside))] if inside else []
