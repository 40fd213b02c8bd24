"""The model a report asks: the plan's, with the school holidays published since it was frozen."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from baseline.calendars import school_holidays, school_unknown
from baseline.fitting.kinds import daily_of, model_from_json, with_vacations

if TYPE_CHECKING:
    from baseline.fitting import Finding
    from baseline.fitting.kinds import Model
    from baseline.plans.models import MeasurementPlan

ONE_DAY = dt.timedelta(days=1)


def model_of(plan: MeasurementPlan, start: dt.date, end: dt.date) -> tuple[Model, dict[str, Any], list[Finding]]:
    """Return the model for local days [start, end), the days added to its calendar, and what is not known of it.

    A model that tells no school holidays apart is asked as it is. The days added are kept with the report, so that it
    is computed again from what it says.
    """
    model = model_from_json(plan.model or {})
    known = daily_of(model).calendar.vacations
    if plan.school_zone is None or not known:
        return model, {}, []
    school, unknown = school_holidays(plan.school_zone, range(start.year, (end - ONE_DAY).year + 1))
    added = sorted(day for day in school - known if start <= day < end)
    findings = [school_unknown(plan.school_zone, unknown)] if unknown else []
    if not added:
        return model, {}, findings
    return with_vacations(model, added), {"vacations": [day.isoformat() for day in added]}, findings
