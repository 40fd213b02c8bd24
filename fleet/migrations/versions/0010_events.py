"""Non-routine events, what the machine suggests, findings both parties accept; what plans and reports say of them.

Revision 0010, after 0009.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.Identity(always=True)
KWH = sa.Numeric(16, 3)
KINDS = (
    "('area', 'hours', 'setpoint', 'equipment', 'fuel', 'photovoltaic', 'charge_point', 'meter', 'closure',"
    " 'force_majeure')"
)
PARTIES = "('spl', 'shareholder')"
HOLDS_BOUNDARY = (
    "EXISTS (SELECT FROM devices.boundary_building bb JOIN contracts.holding h USING (building_id)"
    f" WHERE bb.boundary_id = {{boundary}} AND h.shareholder_id = {ME} AND h.period && {{period}})"
)
EVENT = "EXISTS (SELECT FROM baseline.non_routine_event e WHERE e.id = event_id{more})"
"""Whoever sees the event: its own policies decide."""
PLAN = "EXISTS (SELECT FROM baseline.measurement_plan m WHERE m.id = plan_id)"
PARTY_OF_PLAN = (
    "EXISTS (SELECT FROM baseline.measurement_plan m JOIN contracts.agreement a ON a.id = m.agreement_id"
    f" WHERE m.id = plan_id AND a.shareholder_id = {ME})"
)
MYSELF = "account_id IS NOT DISTINCT FROM foundation.current_account()"


def upgrade() -> None:
    """Add the tables, and the columns of plans, reports and days."""
    _plans_and_reports()
    _suggestions()
    _events()
    _acceptances()
    op.execute(
        f"GRANT INSERT ON foundation.attachment TO fleet_shareholder;"
        f" CREATE POLICY shareholder_evidence ON foundation.attachment FOR INSERT TO fleet_shareholder"
        f" WITH CHECK (shareholder_id = {ME})"
    )


def _plans_and_reports() -> None:
    planned: tuple[sa.Column[Any], ...] = (
        sa.Column("hot_water", sa.Text()),
        sa.Column("comfort_point_id", sa.Integer()),
        sa.Column("comfort_minimum_c", sa.Numeric(4, 1)),
        sa.Column("occupied_from", sa.Integer()),
        sa.Column("occupied_until", sa.Integer()),
    )
    for column in planned:
        op.add_column("measurement_plan", column, schema="baseline")
    op.create_foreign_key(
        op.f("fk_measurement_plan_comfort_point_id"),
        "measurement_plan",
        "metering_point",
        ["comfort_point_id"],
        ["id"],
        source_schema="baseline",
        referent_schema="devices",
    )
    for name, condition in (
        ("hot_water", "hot_water IN ('none', 'measured_apart', 'included')"),
        ("comfort", "num_nulls(comfort_point_id, comfort_minimum_c, occupied_from, occupied_until) IN (0, 4)"),
        ("hours", "0 <= occupied_from AND occupied_from < occupied_until AND occupied_until <= 24"),
    ):
        op.create_check_constraint(
            op.f(f"ck_measurement_plan_{name}"), "measurement_plan", condition, schema="baseline"
        )
    reported: tuple[sa.Column[Any], ...] = (
        sa.Column("events", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("unadjusted_avoided_kwh", KWH),
        sa.Column("adjusted_avoided_kwh", KWH),
        sa.Column("held_kwh", KWH, server_default=sa.text("0"), nullable=False),
    )
    for column in reported:
        op.add_column("savings_report", column, schema="baseline")
    op.add_column(
        "report_day", sa.Column("event_kwh", KWH, server_default=sa.text("0"), nullable=False), schema="baseline"
    )


def _suggestions() -> None:
    op.create_table(
        "event_suggestion",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("effect_kwh", KWH, nullable=False),
        sa.Column("half_width_kwh", KWH),
        sa.Column("confidence_level", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Float(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("dismissed_on", sa.Date()),
        sa.Column("dismissed_by", sa.Text()),
        sa.Column("dismissed_reason", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(dismissed_on IS NULL) = (dismissed_reason IS NULL)", name=op.f("ck_event_suggestion_dismissed")
        ),
        sa.CheckConstraint("dismissed_reason <> ''", name=op.f("ck_event_suggestion_reason")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["baseline.measurement_plan.id"], name=op.f("fk_event_suggestion_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_suggestion")),
        schema="baseline",
    )
    op.create_index(op.f("ix_event_suggestion_plan_id"), "event_suggestion", ["plan_id"], schema="baseline")
    close("baseline.event_suggestion")
    open_to("baseline.event_suggestion", "worker", "SI")
    open_to("baseline.event_suggestion", "operator", "SI")
    open_to("baseline.event_suggestion", "shareholder", "S", PLAN)
    op.execute(
        "GRANT UPDATE (dismissed_on, dismissed_by, dismissed_reason) ON baseline.event_suggestion"
        " TO fleet_operator, fleet_shareholder;"
        " CREATE POLICY shareholder_dismisses ON baseline.event_suggestion FOR UPDATE TO fleet_shareholder"
        f" USING (dismissed_on IS NULL AND {PLAN}) WITH CHECK (dismissed_on IS NOT NULL AND {PLAN})"
    )
    watch("baseline.event_suggestion")


def _events() -> None:
    op.create_table(
        "non_routine_event",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer()),
        sa.Column("suggestion_id", sa.Integer()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text()),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("energy_kwh", KWH),
        sa.Column("submeter_id", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_party", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_non_routine_event_kind")),
        sa.CheckConstraint(
            "method IN ('drop', 'indicator', 'submeter', 'estimate')", name=op.f("ck_non_routine_event_method")
        ),
        sa.CheckConstraint(f"proposed_by_party IN {PARTIES}", name=op.f("ck_non_routine_event_party")),
        sa.CheckConstraint(
            "NOT isempty(period) AND lower(period) IS NOT NULL", name=op.f("ck_non_routine_event_period")
        ),
        sa.CheckConstraint("(kind = 'fuel') = (method IS NULL)", name=op.f("ck_non_routine_event_fuel")),
        sa.CheckConstraint(
            "(method IS NOT DISTINCT FROM 'estimate') = (energy_kwh IS NOT NULL)",
            name=op.f("ck_non_routine_event_estimate"),
        ),
        sa.CheckConstraint(
            "(method IS NOT DISTINCT FROM 'submeter') = (submeter_id IS NOT NULL)",
            name=op.f("ck_non_routine_event_submeter"),
        ),
        sa.CheckConstraint(
            "energy_kwh IS NULL OR upper(period) IS NOT NULL", name=op.f("ck_non_routine_event_estimate_ends")
        ),
        *(
            sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_non_routine_event_{column}"))
            for column, to in (
                ("boundary_id", "devices.measurement_boundary.id"),
                ("shareholder_id", "contracts.shareholder.id"),
                ("supersedes_id", "baseline.non_routine_event.id"),
                ("suggestion_id", "baseline.event_suggestion.id"),
                ("submeter_id", "devices.measurement_boundary.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_non_routine_event")),
        schema="baseline",
    )
    for column in ("boundary_id", "shareholder_id", "supersedes_id"):
        op.create_index(op.f(f"ix_non_routine_event_{column}"), "non_routine_event", [column], schema="baseline")
    op.create_table(
        "event_evidence",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["baseline.non_routine_event.id"], name=op.f("fk_event_evidence_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_event_evidence_attachment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_evidence")),
        sa.UniqueConstraint("event_id", "attachment_id", name=op.f("uq_event_evidence_event_id_attachment_id")),
        schema="baseline",
    )
    op.create_index(op.f("ix_event_evidence_event_id"), "event_evidence", ["event_id"], schema="baseline")
    op.create_table(
        "event_decision",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"party IN {PARTIES}", name=op.f("ck_event_decision_party")),
        sa.CheckConstraint("verdict IN ('agreed', 'rejected', 'withdrawn')", name=op.f("ck_event_decision_verdict")),
        sa.CheckConstraint("verdict <> 'rejected' OR reason <> ''", name=op.f("ck_event_decision_reason")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["baseline.non_routine_event.id"], name=op.f("fk_event_decision_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_decision")),
        sa.UniqueConstraint("event_id", "party", "verdict", name=op.f("uq_event_decision_event_id_party_verdict")),
        schema="baseline",
    )
    op.create_index(op.f("ix_event_decision_event_id"), "event_decision", ["event_id"], schema="baseline")
    for table in ("non_routine_event", "event_evidence", "event_decision"):
        close(f"baseline.{table}")
        open_to(f"baseline.{table}", "worker", "S")
        open_to(f"baseline.{table}", "operator", "S")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.{table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION"
            " foundation.refuse_change('what was said of an event is kept, propose another version')"
        )
    open_to(
        "baseline.non_routine_event",
        "shareholder",
        "S",
        f"shareholder_id = {ME} OR "
        + HOLDS_BOUNDARY.format(boundary="non_routine_event.boundary_id", period="non_routine_event.period"),
    )
    open_to("baseline.event_evidence", "shareholder", "S", EVENT.format(more=""))
    open_to("baseline.event_decision", "shareholder", "S", EVENT.format(more=""))
    _say(
        "baseline.non_routine_event",
        operator="proposed_by_party = 'spl'",
        shareholder=f"proposed_by_party = 'shareholder' AND shareholder_id = {ME} AND "
        + HOLDS_BOUNDARY.format(boundary="non_routine_event.boundary_id", period="non_routine_event.period"),
    )
    _say(
        "baseline.event_evidence",
        operator=EVENT.format(more=" AND e.proposed_by_party = 'spl'"),
        shareholder=EVENT.format(more=f" AND e.proposed_by_party = 'shareholder' AND e.shareholder_id = {ME}"),
    )
    # Nobody agrees for the other: each role says its own party, and signs with its own account.
    _say(
        "baseline.event_decision",
        operator=f"party = 'spl' AND {MYSELF}",
        shareholder=f"party = 'shareholder' AND {MYSELF} AND " + EVENT.format(more=f" AND e.shareholder_id = {ME}"),
    )
    op.execute("""
        CREATE FUNCTION baseline.guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            -- One decision at a time for an event; the number is the class of these locks.
            PERFORM pg_advisory_xact_lock(20121025, NEW.event_id);
            IF EXISTS (SELECT FROM baseline.event_decision d WHERE d.event_id = NEW.event_id
                       AND d.verdict IN ('rejected', 'withdrawn'))
               OR (SELECT count(*) FROM baseline.event_decision d WHERE d.event_id = NEW.event_id
                   AND d.verdict = 'agreed') = 2 THEN
                RAISE EXCEPTION 'event % is decided', NEW.event_id USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER decided BEFORE INSERT ON baseline.event_decision
            FOR EACH ROW EXECUTE FUNCTION baseline.guard_decision();
    """)
    watch("baseline.non_routine_event")
    watch("baseline.event_decision")


def _acceptances() -> None:
    op.create_table(
        "finding_acceptance",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer()),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("finding", postgresql.JSONB(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"party IN {PARTIES}", name=op.f("ck_finding_acceptance_party")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_finding_acceptance_reason")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["baseline.measurement_plan.id"], name=op.f("fk_finding_acceptance_plan_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["baseline.savings_report.id"], name=op.f("fk_finding_acceptance_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_acceptance")),
        sa.UniqueConstraint(
            "plan_id", "code", "about", "party", name=op.f("uq_finding_acceptance_plan_id_code_about_party")
        ),
        schema="baseline",
    )
    op.create_index(op.f("ix_finding_acceptance_plan_id"), "finding_acceptance", ["plan_id"], schema="baseline")
    close("baseline.finding_acceptance")
    open_to("baseline.finding_acceptance", "worker", "S")
    open_to("baseline.finding_acceptance", "operator", "S")
    open_to("baseline.finding_acceptance", "shareholder", "S", PLAN)
    _say(
        "baseline.finding_acceptance",
        operator=f"party = 'spl' AND {MYSELF}",
        shareholder=f"party = 'shareholder' AND {MYSELF} AND {PARTY_OF_PLAN}",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.finding_acceptance"
        " FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was accepted stays accepted')"
    )
    watch("baseline.finding_acceptance")


def _say(table: str, *, operator: str, shareholder: str) -> None:
    """Let each party add rows that speak for itself."""
    op.execute(f"GRANT INSERT ON {table} TO fleet_operator, fleet_shareholder")
    for role, rows in (("operator", operator), ("shareholder", shareholder)):
        op.execute(f"CREATE POLICY {role}_says ON {table} FOR INSERT TO fleet_{role} WITH CHECK ({rows})")


def downgrade() -> None:
    """Take the tables and columns away; what was said in them is lost."""
    op.execute("DROP POLICY shareholder_evidence ON foundation.attachment")
    op.execute("REVOKE INSERT ON foundation.attachment FROM fleet_shareholder")
    for table in ("finding_acceptance", "event_decision", "event_evidence", "non_routine_event", "event_suggestion"):
        op.drop_table(table, schema="baseline")
    op.execute("DROP FUNCTION baseline.guard_decision()")
    op.drop_column("report_day", "event_kwh", schema="baseline")
    for column in ("events", "unadjusted_avoided_kwh", "adjusted_avoided_kwh", "held_kwh"):
        op.drop_column("savings_report", column, schema="baseline")
    for column in ("hot_water", "comfort_point_id", "comfort_minimum_c", "occupied_from", "occupied_until"):
        op.drop_column("measurement_plan", column, schema="baseline")
