"""A second reader of settlements, disputes step by step, complements and buy-outs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import ME, close, open_to, watch

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

GUARDS = """
CREATE OR REPLACE FUNCTION billing.guard_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving CONSTANT text[] := ARRAY['state', 'accepted_on', 'accepted_by', 'dispute', 'reviewed_on', 'reviewed_by'];
BEGIN
    IF (to_jsonb(NEW) - moving) = (to_jsonb(OLD) - moving) AND OLD.state <> 'invoiced' THEN
        RETURN NEW;
    END IF;
    -- Its invoice was cancelled by a credit note: accepted as before, and nothing else of it moves.
    IF (to_jsonb(NEW) - 'state') = (to_jsonb(OLD) - 'state')
        AND OLD.state = 'invoiced' AND NEW.state IN ('accepted', 'invoiced') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the figures of a settlement never change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.dispute_step
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was said in a dispute is never edited');
"""
OWN = f"EXISTS (SELECT FROM billing.settlement s WHERE s.id = settlement_id AND s.shareholder_id = {ME})"
CESSIONS = "775", "Produits des cessions d'éléments d'actif"


def upgrade() -> None:
    """Add the columns and the table; the period of a settlement is once only among those of savings."""
    op.add_column(
        "company",
        sa.Column("second_review_above", sa.Numeric(14, 2), server_default="10000", nullable=False),
        schema="contracts",
    )
    for column in (
        sa.Column("kind", sa.Text(), server_default="savings", nullable=False),
        sa.Column("proposed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("proposer_id", sa.Integer(), nullable=True),
        sa.Column("needs_review", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
    ):
        op.add_column("settlement", column, schema="billing")
    for name, condition in (
        ("kind", "kind IN ('savings', 'complement', 'buy_out')"),
        ("review", "(reviewed_on IS NULL) = (reviewed_by IS NULL)"),
        ("reviewed_first", "NOT needs_review OR reviewed_on IS NOT NULL OR state IN ('proposed', 'disputed')"),
    ):
        op.create_check_constraint(op.f(f"ck_settlement_{name}"), "settlement", condition, schema="billing")
    op.drop_constraint("ex_settlement_period_once", "settlement", schema="billing")
    op.create_exclude_constraint(
        "ex_settlement_period_once",
        "settlement",
        (sa.column("agreement_id"), "="),
        (sa.column("period"), "&&"),
        where=sa.text("state <> 'disputed' AND kind = 'savings'"),
        using="gist",
        schema="billing",
    )
    op.create_index(
        "uq_settlement_buy_out_once",
        "settlement",
        ["agreement_id"],
        unique=True,
        schema="billing",
        postgresql_where=sa.text("state <> 'disputed' AND kind = 'buy_out'"),
    )
    _steps()
    # Selling the sensors, which are fixed assets of the SPL, is no service (PCG art. 932-1).
    op.execute(
        sa.text("INSERT INTO billing.account (code, name) VALUES (:code, :name) ON CONFLICT DO NOTHING").bindparams(
            code=CESSIONS[0], name=CESSIONS[1]
        )
    )


def _steps() -> None:
    op.create_table(
        "dispute_step",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('filed', 'added', 'answered', 'expert', 'decided')", name=op.f("ck_dispute_step_kind")
        ),
        sa.CheckConstraint("party IN ('spl', 'shareholder')", name=op.f("ck_dispute_step_party")),
        sa.CheckConstraint("outcome IN ('maintained', 'corrected')", name=op.f("ck_dispute_step_outcome")),
        sa.CheckConstraint(
            "(kind IN ('answered', 'decided')) = (outcome IS NOT NULL)", name=op.f("ck_dispute_step_outcome_of")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["billing.settlement.id"], name=op.f("fk_dispute_step_settlement_id")
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_dispute_step_attachment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_step")),
        schema="billing",
    )
    op.create_index(op.f("ix_dispute_step_settlement_id"), "dispute_step", ["settlement_id"], schema="billing")
    close("billing.dispute_step")
    open_to("billing.dispute_step", "operator", "SI")
    open_to("billing.dispute_step", "worker", "S")
    # A municipality speaks for itself, and never answers or decides in the place of the SPL.
    op.execute("GRANT SELECT, INSERT ON billing.dispute_step TO fleet_shareholder")
    op.execute(f"CREATE POLICY shareholder ON billing.dispute_step FOR SELECT TO fleet_shareholder USING ({OWN})")
    op.execute(
        "CREATE POLICY shareholder_speaks ON billing.dispute_step FOR INSERT TO fleet_shareholder"
        f" WITH CHECK (party = 'shareholder' AND kind IN ('filed', 'added', 'expert') AND {OWN})"
    )
    op.execute(GUARDS)
    watch("billing.dispute_step")


def downgrade() -> None:
    """Take the table and the columns away."""
    op.drop_table("dispute_step", schema="billing")
    op.drop_index("uq_settlement_buy_out_once", "settlement", schema="billing")
    op.drop_constraint("ex_settlement_period_once", "settlement", schema="billing")
    for name in ("kind", "review", "reviewed_first"):
        op.drop_constraint(op.f(f"ck_settlement_{name}"), "settlement", schema="billing")
    for column in ("kind", "proposed_by", "proposer_id", "needs_review", "reviewed_on", "reviewed_by"):
        op.drop_column("settlement", column, schema="billing")
    op.create_exclude_constraint(
        "ex_settlement_period_once",
        "settlement",
        (sa.column("agreement_id"), "="),
        (sa.column("period"), "&&"),
        where=sa.text("state <> 'disputed'"),
        using="gist",
        schema="billing",
    )
    op.drop_column("company", "second_review_above", schema="contracts")
