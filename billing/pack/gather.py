"""The evidence pack of an invoice, gathered from what was frozen: one JSON that stands without the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.comparison import BESIDE
from baseline.measured_days import boundary_zone
from baseline.plans.register import plan_document
from baseline.reports.models import SavingsReport
from baseline.reports.register import report_document
from foundation.attachments.models import Attachment
from foundation.attachments.store import keep
from foundation.canonical import canonical_json
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from billing.documents.snapshot import InvoiceSnapshot
    from billing.settlements.models import Settlement

SCHEMA = "evidence/1"


def evidence_pack(
    session: Session, settlement: Settlement, snapshot: InvoiceSnapshot, *, seal: str, previous_seal: str
) -> bytes:
    """Return the canonical JSON of everything the amount of `snapshot` follows from; the same rows, the same bytes."""
    reports = reports_behind(session, settlement)
    plans = {report.plan.sha256: report.plan for report in reports.values()}
    return canonical_json(
        {
            "schema": SCHEMA,
            "seal": seal,
            "previous_seal": previous_seal,
            "snapshot": snapshot,
            "settlement": _settlement(settlement),
            "reports": [_report(session, report) for _, report in sorted(reports.items())],
            "plans": [_plan(session, plan) for _, plan in sorted(plans.items(), key=lambda one: one[0] or "")],
        }
    )


def reports_behind(session: Session, settlement: Settlement) -> dict[str, SavingsReport]:
    """Return by hash the reports `settlement` rests on: those of its lines, of what it holds, of settled years."""
    reports = {line.report.sha256: line.report for line in settlement.lines}
    inputs = settlement.evaluation.get("inputs", {"years": []})
    named = {one["report_sha256"] for year in inputs["years"] for one in year["measured"]} - reports.keys()
    if named:
        found = select(SavingsReport).where(SavingsReport.sha256.in_(named)).order_by(SavingsReport.id)
        reports |= {report.sha256: report for report in session.scalars(found)}
    return reports


def hours_named(settlement: Settlement) -> dict[str, str]:
    """Return the files of hours behind `settlement`: name to SHA-256. They stay in the portal."""
    named = {}
    for line in settlement.lines:
        start, end = bounds(line.report.period)
        name = f"heures {line.boundary_id} {line.energy} {start.isoformat()} {end.isoformat()}.csv"
        named[name] = line.report.inputs["hourly_sha256"]
    return named


def keep_hours(session: Session, settlement: Settlement) -> None:
    """Give the municipality its own copy of the hours behind `settlement`, as they were when its reports were made."""
    for line in settlement.lines:
        keep(
            session,
            _content(session, line.report.inputs["hourly_sha256"], line.report.plan),
            name="heures.csv",
            media_type="text/csv",
            shareholder_id=settlement.shareholder_id,
        )


def hours_behind(session: Session, settlement: Settlement) -> list[Attachment]:
    """Return the municipality's copies, line by line."""
    kept = {
        one.sha256: one
        for one in session.scalars(
            select(Attachment).where(
                Attachment.shareholder_id == settlement.shareholder_id,
                Attachment.sha256.in_({line.report.inputs["hourly_sha256"] for line in settlement.lines}),
            )
        )
    }
    return [kept[digest] for line in settlement.lines if (digest := line.report.inputs["hourly_sha256"]) in kept]


def _settlement(settlement: Settlement) -> dict[str, Any]:
    return {
        "inputs": settlement.evaluation["inputs"],
        "amount": f"{settlement.amount:.2f}",
        "lines": [
            [
                line.year,
                line.boundary_id,
                line.energy,
                f"{line.avoided_energy_kwh:.3f}",
                f"{line.owed:.2f}",
                f"{line.billed:.2f}",
                f"{line.amount:.2f}",
            ]
            for line in settlement.lines
        ],
    }


def _report(session: Session, report: SavingsReport) -> dict[str, Any]:
    days = _kept(session, report.inputs["sha256"], report.plan)
    return {
        "sha256": report.sha256,
        "document": report_document(report),
        "days": days,
        **_beside(session, report.inputs, report.plan),
    }


def _plan(session: Session, plan: MeasurementPlan) -> dict[str, Any]:
    days = _kept(session, (plan.inputs or {})["sha256"], plan)
    return {"sha256": plan.sha256, "document": plan_document(plan), "days": days, "terms": _terms(plan)} | _beside(
        session, plan.inputs or {}, plan
    )


def _beside(session: Session, inputs: Mapping[str, Any], plan: MeasurementPlan) -> dict[str, Any]:
    """Return the hours of an hourly model and the bills of a billed baseline, where there are any."""
    return {part: _kept(session, digest, plan) for part in BESIDE if (digest := inputs.get(f"{part}_sha256"))}


def _terms(plan: MeasurementPlan) -> dict[str, Any]:
    """Return how the boundary's hours are summed: zone, and by point its coefficient and its days."""
    boundary = plan.boundary
    return {
        "timezone": boundary_zone(boundary).key,
        "points": [
            [term.point_id, term.share.written, term.period.lower, term.period.upper]
            for term in sorted(boundary.terms, key=lambda one: (one.point_id, one.period.lower))
        ],
    }


def _kept(session: Session, sha256: str, plan: MeasurementPlan) -> Any:
    """Return the days kept under their hash when the plan was frozen or the report made."""
    return json.loads(_content(session, sha256, plan))


def _content(session: Session, sha256: str, plan: MeasurementPlan) -> bytes:
    content = session.scalar(select(Attachment.content).where(Attachment.sha256 == sha256).limit(1))
    if content is None:
        raise Refusal(
            "« {name} » : les jours dont ce calcul est parti n'ont pas été gardés ; établissez un nouveau rapport,"
            " puis un nouveau décompte.",
            name=plan.boundary.name,
        )
    return content
