"""Who held a building when also decides on what hangs on its plans and boundaries (truth 11).

A report is seen by who held the building when its period began: its sums would tell a buyer what the seller used; and by whom it is billed to. A
plan is seen by who held the building while it reports, not while its baseline was measured; a suggestion, by who
held it then; what was accepted about a report, by who sees the report; a signed plan, by who held the building when it
was signed; a boundary, by who held one of its buildings while a point counted in it; a task of a visit, by who sees
its point (another building of the same site may be somebody else's). The original of a plan, a report or a proof is
read by whoever sees the row that names it: the new owner of a building, too, not only who signed the agreement.

Revision 0026, after 0025.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ME = "foundation.current_shareholder()"
HELD = (
    "EXISTS (SELECT FROM baseline.measurement_plan m JOIN devices.boundary_building bb USING (boundary_id)"
    f" JOIN contracts.holding h USING (building_id) WHERE m.id = {{table}}.plan_id AND h.shareholder_id = {ME}"
    " AND {when})"
)
SUGGESTED = HELD.format(table="event_suggestion", when="h.period && event_suggestion.period")
SIGNED = HELD.format(table="plan_deposit", when="plan_deposit.signed_on <@ h.period")
PLAN = (
    "EXISTS (SELECT FROM devices.boundary_building bb JOIN contracts.holding h USING (building_id)"
    f" WHERE bb.boundary_id = measurement_plan.boundary_id AND h.shareholder_id = {ME}"
    " AND h.period && daterange({start}, NULL))"
)
REPORT = (
    "EXISTS (SELECT FROM baseline.measurement_plan m JOIN devices.boundary_building bb USING (boundary_id)"
    f" JOIN contracts.holding h USING (building_id) WHERE m.id = savings_report.plan_id AND h.shareholder_id = {ME}"
    " AND {when})"
)
# What is billed to a municipality it can work out again.
BILLED = (
    " OR EXISTS (SELECT FROM billing.settlement_line l JOIN billing.settlement s ON s.id = l.settlement_id"
    f" WHERE l.report_id = savings_report.id AND s.shareholder_id = {ME})"
)
BOUNDARY = (
    "EXISTS (SELECT FROM devices.boundary_building bb JOIN contracts.holding h USING (building_id)"
    f" WHERE bb.boundary_id = measurement_boundary.id AND h.shareholder_id = {ME})"
)
# The policy of the terms, which compares their days with those of the holding, applies inside.
COUNTED = " AND EXISTS (SELECT FROM devices.boundary_term t WHERE t.boundary_id = measurement_boundary.id)"
ACCEPTED = "EXISTS (SELECT FROM baseline.measurement_plan m WHERE m.id = finding_acceptance.plan_id)"
REPORTED = (
    " AND (report_id IS NULL OR EXISTS"
    " (SELECT FROM baseline.savings_report r WHERE r.id = finding_acceptance.report_id))"
)
VISITED = "EXISTS (SELECT FROM devices.visit v WHERE v.id = visit_task.visit_id)"
POINT = " AND EXISTS (SELECT FROM devices.metering_point p WHERE p.id = visit_task.point_id)"
ORIGINALS = {
    "savings_documents_of_mine": "baseline.savings_document",
    "plan_deposits_of_mine": "baseline.plan_deposit",
    "event_evidence_of_mine": "baseline.event_evidence",
}


def upgrade() -> None:
    """Narrow the policies of municipalities; nothing is taken from any other role."""
    _using("baseline.measurement_plan", PLAN.format(start="measurement_plan.reporting_starts_on"))
    _using("baseline.savings_report", REPORT.format(when="lower(savings_report.period) <@ h.period") + BILLED)
    _using("baseline.event_suggestion", SUGGESTED)
    _using("baseline.event_suggestion", f"dismissed_on IS NULL AND {SUGGESTED}", policy="shareholder_dismisses")
    _using("baseline.plan_deposit", SIGNED)
    _using("baseline.finding_acceptance", ACCEPTED + REPORTED)
    _using("devices.measurement_boundary", BOUNDARY + COUNTED)
    _using("devices.visit_task", VISITED + POINT)
    for policy, table in ORIGINALS.items():
        rows = f"EXISTS (SELECT FROM {table} d WHERE d.attachment_id = attachment.id)"
        op.execute(f"CREATE POLICY {policy} ON foundation.attachment FOR SELECT TO fleet_shareholder USING ({rows})")


def downgrade() -> None:
    """Let the policies be as they were."""
    for policy in ORIGINALS:
        op.execute(f"DROP POLICY {policy} ON foundation.attachment")
    plan = "EXISTS (SELECT FROM baseline.measurement_plan m WHERE m.id = {table}.plan_id)"
    suggested = plan.format(table="event_suggestion")
    _using("baseline.measurement_plan", PLAN.format(start="lower(measurement_plan.baseline_period)"))
    _using("baseline.savings_report", REPORT.format(when="h.period && savings_report.period"))
    _using("baseline.event_suggestion", suggested)
    _using("baseline.event_suggestion", f"dismissed_on IS NULL AND {suggested}", policy="shareholder_dismisses")
    _using("baseline.plan_deposit", plan.format(table="plan_deposit"))
    _using("baseline.finding_acceptance", ACCEPTED)
    _using("devices.measurement_boundary", BOUNDARY)
    _using("devices.visit_task", VISITED)


def _using(table: str, rows: str, *, policy: str = "shareholder") -> None:
    op.execute(f"ALTER POLICY {policy} ON {table} USING ({rows})")
