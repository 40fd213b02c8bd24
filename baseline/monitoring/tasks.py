"""Each month that ended gets its provisional figure, one plan and month an item."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.monitoring.alerts import off_plan
from baseline.monitoring.months import make_month, months_to_make
from baseline.plans.models import MeasurementPlan
from devices.alerts.checks import CHECKS
from devices.alerts.kinds import Kind
from foundation.canonical import canonical_sha256
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

CHECKS[Kind.OFF_PLAN] = off_plan

MAKE_MONTH = "baseline.make_month"
SETTLES = dt.timedelta(days=3)
"""After its end a month waits so long for what comes late."""


@periodically("baseline.monitoring.look", seconds=3600.0)
def look(session: Session, moment: Moment) -> None:
    """Ask once for each month that ended three days ago and has no figure, and again when its data have changed."""
    items = {
        f"plan-{due.plan.id}-{due.month:%Y-%m}-{canonical_sha256(due.inputs)[:12]}": {
            "plan_id": due.plan.id,
            "month": due.month.isoformat(),
        }
        for due in months_to_make(session, moment.today - SETTLES)
    }
    asked = select(JobItem.key).join(Job).where(Job.kind == MAKE_MONTH, JobItem.key.in_(items))
    for key in session.scalars(asked).all():
        del items[key]
    if items:
        ask(session, MAKE_MONTH, N_("Chiffres provisoires du mois"), items)


@handles(MAKE_MONTH)
def make(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Make the figure of plan `plan_id` for the month that begins on `month`."""
    plan = session.get_one(MeasurementPlan, params["plan_id"])
    make_month(session, plan, dt.date.fromisoformat(params["month"]), now=moment.now)
    return {"plan_id": plan.id}
