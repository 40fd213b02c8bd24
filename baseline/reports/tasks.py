"""Reports made by the worker, one boundary an item; made anew when the parties decided on an event."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.plans.models import MeasurementPlan
from baseline.reports.outdated import outdated
from baseline.reports.register import make_report
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

MAKE_REPORT = "baseline.make_report"


@periodically("baseline.reports.look", seconds=30.0)
def look(session: Session, _moment: Moment) -> None:
    """Ask once for a new version of each report whose events or cold days the parties have decided on since."""
    items = {
        key: {
            "plan_id": report.plan_id,
            "start": report.period.lower.isoformat() if report.period.lower else "",
            "end": report.period.upper.isoformat() if report.period.upper else "",
        }
        for key, report in outdated(session).items()
    }
    asked = select(JobItem.key).join(Job).where(Job.kind == MAKE_REPORT, JobItem.key.in_(items))
    for key in session.scalars(asked):
        del items[key]
    if items:
        ask(session, MAKE_REPORT, N_("Rapports à refaire après un accord"), items)


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
