"""Reports made by the worker, one boundary an item."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from baseline.plans.models import MeasurementPlan
from baseline.reports.register import make_report
from foundation.jobs.queue import Moment, handles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

MAKE_REPORT = "baseline.make_report"


@handles(MAKE_REPORT)
def make(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Make the report of plan `plan_id` over local days [start, end)."""
    report = make_report(
        session,
        session.get_one(MeasurementPlan, params["plan_id"]),
        start=dt.date.fromisoformat(params["start"]),
        end=dt.date.fromisoformat(params["end"]),
        now=moment.now,
        today=moment.today,
    )
    return {"report_id": report.id, "avoided_energy_kwh": str(report.avoided_energy_kwh)}
