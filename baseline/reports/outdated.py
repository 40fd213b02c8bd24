"""Which reports no longer say what both parties decided: they are made anew, the old ones stay."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from baseline.events.models import EventDecision, NonRoutineEvent
from baseline.plans.models import MeasurementPlan
from baseline.reports.acceptances import days_accepted_cold
from baseline.reports.findings import WITHHELD
from baseline.reports.models import FindingAcceptance, ReportDay, SavingsReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

SLACK = dt.timedelta(hours=1)
"""A row is dated by the start of its transaction: one that began before a report may end after it."""


def outdated(session: Session) -> dict[str, SavingsReport]:
    """Return the newest reports of their plan and period that do not know what was decided since.

    The key names the report and what was said, so that the same is asked for once. Only what was said since is looked
    at, so this costs nothing where nothing was.
    """
    return {**dict(_by_events(session)), **dict(_by_cold_days(session))}


def _by_events(session: Session) -> Iterator[tuple[str, SavingsReport]]:
    rows = session.execute(
        select(SavingsReport, EventDecision)
        .join(MeasurementPlan, MeasurementPlan.id == SavingsReport.plan_id)
        .join(NonRoutineEvent, NonRoutineEvent.boundary_id == MeasurementPlan.boundary_id)
        .join(EventDecision, EventDecision.event_id == NonRoutineEvent.id)
        .where(
            SavingsReport.id.in_(_newest()),
            NonRoutineEvent.method.is_not(None),
            EventDecision.created_at > SavingsReport.created_at - SLACK,
        )
        .order_by(EventDecision.id)
    )
    found: dict[int, tuple[SavingsReport, int]] = {}
    for report, decision in rows:
        event = decision.event
        touched = any(report.period.overlaps(one.period) for one in (event, event.supersedes) if one is not None)
        known = {one["id"]: one["state"] for one in report.events}.get(event.id)
        stands = event.state if event.state in {"proposed", "agreed"} else None
        if touched and known != stands:
            found[report.id] = report, decision.id
    for report, said in found.values():
        yield f"report-{report.id}-decision-{said}", report


def _by_cold_days(session: Session) -> Iterator[tuple[str, SavingsReport]]:
    rows = session.execute(
        select(SavingsReport, func.max(FindingAcceptance.id))
        .join(FindingAcceptance, FindingAcceptance.plan_id == SavingsReport.plan_id)
        .where(
            SavingsReport.id.in_(_newest()),
            FindingAcceptance.code == WITHHELD,
            FindingAcceptance.created_at > SavingsReport.created_at - SLACK,
        )
        .group_by(SavingsReport.id)
    )
    for report, said in rows:
        cold = session.scalars(
            select(ReportDay.day).where(ReportDay.report_id == report.id, ReportDay.reason == "too_cold")
        )
        if not days_accepted_cold(session, report.plan).isdisjoint(cold):
            yield f"report-{report.id}-acceptance-{said}", report


def _newest() -> Select[int]:
    return select(func.max(SavingsReport.id)).group_by(SavingsReport.plan_id, SavingsReport.period)
