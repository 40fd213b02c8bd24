"""Reports of a year and accounts of settlements: what they say, frozen, and their first rendering.

Revision 0023, after 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLE = "billing.report_document"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "report_document",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shareholder_id", sa.Integer()),
        sa.Column("settlement_id", sa.Integer()),
        sa.Column("year", sa.Integer()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('municipality', 'board', 'account')", name=op.f("ck_report_document_kind")),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_report_document_language")),
        sa.CheckConstraint("(kind = 'board') = (shareholder_id IS NULL)", name=op.f("ck_report_document_reader")),
        sa.CheckConstraint(
            "(kind = 'account') = (settlement_id IS NOT NULL)", name=op.f("ck_report_document_settlement")
        ),
        sa.CheckConstraint("(kind = 'account') = (year IS NULL)", name=op.f("ck_report_document_year")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_report_document_{column}"))
            for column, target in (
                ("shareholder_id", "contracts.shareholder.id"),
                ("settlement_id", "billing.settlement.id"),
                ("attachment_id", "foundation.attachment.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_document")),
        sa.UniqueConstraint(
            "kind",
            "shareholder_id",
            "settlement_id",
            "year",
            "language",
            "sha256",
            name=op.f("uq_report_document_once"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="billing",
    )
    for column in ("shareholder_id", "settlement_id"):
        op.create_index(op.f(f"ix_report_document_{column}"), "report_document", [column], schema="billing")
    close(TABLE)
    open_to(TABLE, "worker", "SI")
    open_to(TABLE, "operator", "S")
    open_to(TABLE, "shareholder", "S", f"shareholder_id = {ME}")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('the first rendering is the original')"
    )


def downgrade() -> None:
    """Take the table away; the renderings stay among the attachments."""
    op.drop_table("report_document", schema="billing")
