"""How often one point is to be heard, keys that are no decimal, and two chains counted as one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, all with a meaning for the rows that are there."""
    op.add_column("installation", sa.Column("expected_every", sa.Interval(), nullable=True), schema="devices")
    op.create_check_constraint(
        op.f("ck_installation_expected_every"), "installation", "expected_every > interval '0'", schema="devices"
    )
    op.add_column(
        "boundary_term", sa.Column("divisor", sa.Integer(), server_default="1", nullable=False), schema="devices"
    )
    op.create_check_constraint(op.f("ck_boundary_term_divisor"), "boundary_term", "divisor > 0", schema="devices")
    for column in (
        sa.Column("applied_to_id", sa.Integer(), nullable=True),
        sa.Column("applied_by", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("overlap_ratio", column, schema="devices")
    op.create_foreign_key(
        op.f("fk_overlap_ratio_applied_to_id"),
        "overlap_ratio",
        "installation",
        ["applied_to_id"],
        ["id"],
        source_schema="devices",
        referent_schema="devices",
    )
    op.create_check_constraint(
        op.f("ck_overlap_ratio_applied"),
        "overlap_ratio",
        "num_nonnulls(applied_to_id, applied_by, applied_at) IN (0, 3)"
        " AND (applied_to_id IS NULL OR applied_to_id IN (numerator_id, denominator_id))",
        schema="devices",
    )
    op.execute("GRANT UPDATE (applied_to_id, applied_by, applied_at) ON devices.overlap_ratio TO fleet_operator")


def downgrade() -> None:
    """Take them back; what was said in them is lost."""
    for column in ("applied_to_id", "applied_by", "applied_at"):
        op.drop_column("overlap_ratio", column, schema="devices")
    op.drop_column("boundary_term", "divisor", schema="devices")
    op.drop_column("installation", "expected_every", schema="devices")
