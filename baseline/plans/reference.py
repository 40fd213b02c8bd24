"""The fixed conditions of normalised savings: a reference year of the plan's station, frozen with its model."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from baseline.fitting.reference import reference_year
from baseline.measured_days import boundary_zone
from baseline.weather.daily import daily_temperatures
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan

YEARS = dt.timedelta(days=15 * 366)
"""How far back the reference year looks: longer, and the climate was another."""
WHOLE_DAY = 22


def reference_weather(session: Session, plan: MeasurementPlan) -> dict[str, Any] | None:
    """Return the reference year of the station until the baseline's end; None where it has no whole year."""
    _, end = bounds(plan.baseline_period)
    known = daily_temperatures(session, plan.station, end - YEARS, end, boundary_zone(plan.boundary))
    found = reference_year({day: float(one.celsius) for day, one in known.items() if one.hours >= WHOLE_DAY})
    if found is None:
        return None
    return {"months": list(found.months), "celsius": [f"{value:.4f}" for value in found.celsius]}
