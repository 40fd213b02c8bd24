"""What a plan says beside its figures, its signed documents, what a report tells, what is printed, months so far.

Revision 0012, after 0011.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.Identity(always=True)
KWH = sa.Numeric(16, 3)
PLANNED = (
    "model_kind",
    "school_zone",
    "window_rule",
    "least_completeness",
    "headings",
    "reference_weather",
    "supersedes_id",
)
TABLES = ("monthly_figure", "savings_document", "plan_deposit")
PLAN = "EXISTS (SELECT FROM baseline.measurement_plan m WHERE m.id = plan_id)"
"""Whoever sees the plan: its own policies decide."""
DOCUMENT = f"{PLAN} AND (report_id IS NULL OR EXISTS (SELECT FROM baseline.savings_report r WHERE r.id = report_id))"

MONTH = (
    "EXISTS (SELECT FROM baseline.measurement_plan m JOIN devices.boundary_building bb USING (boundary_id)"
    " JOIN contracts.holding h USING (building_id)"
    f" WHERE m.id = plan_id AND h.shareholder_id = {ME}"
    " AND h.period && daterange(month, (month + interval '1 month')::date))"
)
"""A month of a building is seen by who held it then (truth 11)."""


def upgrade() -> None:
    """Add the columns and the tables."""
    _plans()
    op.add_column("savings_report", sa.Column("analysis", postgresql.JSONB()), schema="baseline")
    _deposits()
    _documents()
    _months()


def _plans() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("model_kind", sa.Text(), server_default="daily", nullable=False),
        sa.Column("school_zone", sa.Text()),
        sa.Column("window_rule", sa.Text()),
        sa.Column("least_completeness", sa.Numeric(4, 3)),
        sa.Column("headings", postgresql.JSONB()),
        sa.Column("reference_weather", postgresql.JSONB()),
        sa.Column("supersedes_id", sa.Integer()),
    )
    for column in columns:
        op.add_column("measurement_plan", column, schema="baseline")
    op.create_foreign_key(
        op.f("fk_measurement_plan_supersedes_id"),
        "measurement_plan",
        "measurement_plan",
        ["supersedes_id"],
        ["id"],
        source_schema="baseline",
        referent_schema="baseline",
    )
    op.create_index(op.f("ix_measurement_plan_supersedes_id"), "measurement_plan", ["supersedes_id"], schema="baseline")
    for name, condition in (
        ("model_kind", "model_kind IN ('auto', 'daily', 'hourly', 'billing')"),
        ("school_zone", "school_zone IN ('A', 'B', 'C')"),
        ("window_rule", "window_rule IN ('latest', 'agreed')"),
        ("least_completeness", "least_completeness BETWEEN 0 AND 1"),
    ):
        op.create_check_constraint(
            op.f(f"ck_measurement_plan_{name}"), "measurement_plan", condition, schema="baseline"
        )


def _key(table: str, *columns: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}")) for column, to in columns]


def _made() -> sa.Column[Any]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _deposits() -> None:
    op.create_table(
        "plan_deposit",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("signatories", sa.Text(), nullable=False),
        sa.Column("act_reference", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("deposited_by", sa.Text(), nullable=False),
        sa.Column("deposited_at", sa.DateTime(timezone=True), nullable=False),
        _made(),
        sa.CheckConstraint("signatories <> ''", name=op.f("ck_plan_deposit_signatories")),
        *_key(
            "plan_deposit",
            ("plan_id", "baseline.measurement_plan.id"),
            ("attachment_id", "foundation.attachment.id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_deposit")),
        schema="baseline",
    )
    op.create_index(op.f("ix_plan_deposit_plan_id"), "plan_deposit", ["plan_id"], schema="baseline")
    close("baseline.plan_deposit")
    open_to("baseline.plan_deposit", "operator", "SI")
    open_to("baseline.plan_deposit", "worker", "S")
    open_to("baseline.plan_deposit", "shareholder", "S", PLAN)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.plan_deposit"
        " FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was signed is kept')"
    )
    watch("baseline.plan_deposit")


def _documents() -> None:
    op.create_table(
        "savings_document",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _made(),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_savings_document_language")),
        *_key(
            "savings_document",
            ("plan_id", "baseline.measurement_plan.id"),
            ("report_id", "baseline.savings_report.id"),
            ("attachment_id", "foundation.attachment.id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_document")),
        sa.UniqueConstraint(
            "plan_id",
            "report_id",
            "language",
            name=op.f("uq_savings_document_plan_id_report_id_language"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="baseline",
    )
    op.create_index(op.f("ix_savings_document_report_id"), "savings_document", ["report_id"], schema="baseline")
    close("baseline.savings_document")
    open_to("baseline.savings_document", "worker", "SI")
    open_to("baseline.savings_document", "operator", "S")
    open_to("baseline.savings_document", "shareholder", "S", DOCUMENT)
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.savings_document"
        " FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('the first rendering is the original')"
    )


def _months() -> None:
    op.create_table(
        "monthly_figure",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("avoided_kwh", KWH, nullable=False),
        sa.Column("adjusted_baseline_kwh", KWH, nullable=False),
        sa.Column("days_counted", sa.Integer(), nullable=False),
        sa.Column("days_expected", sa.Integer(), nullable=False),
        sa.Column("warning", postgresql.JSONB()),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _made(),
        *_key("monthly_figure", ("plan_id", "baseline.measurement_plan.id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_figure")),
        sa.UniqueConstraint("plan_id", "month", name=op.f("uq_monthly_figure_plan_id_month")),
        schema="baseline",
    )
    close("baseline.monthly_figure")
    open_to("baseline.monthly_figure", "worker", "SIU")
    open_to("baseline.monthly_figure", "operator", "S")
    open_to("baseline.monthly_figure", "shareholder", "S", MONTH)


def downgrade() -> None:
    """Take the tables and columns away; what was said in them is lost."""
    for table in TABLES:
        op.drop_table(table, schema="baseline")
    op.drop_column("savings_report", "analysis", schema="baseline")
    for column in PLANNED:
        op.drop_column("measurement_plan", column, schema="baseline")
