"""How often one point is to be heard, and keys that are no decimal: a third of a shared boiler room."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns, both with a meaning for the rows that are there."""
    op.add_column("installation", sa.Column("expected_every", sa.Interval(), nullable=True), schema="devices")
    op.create_check_constraint(
        op.f("ck_installation_expected_every"), "installation", "expected_every > interval '0'", schema="devices"
    )
    op.add_column(
        "boundary_term", sa.Column("divisor", sa.Integer(), server_default="1", nullable=False), schema="devices"
    )
    op.create_check_constraint(op.f("ck_boundary_term_divisor"), "boundary_term", "divisor > 0", schema="devices")


def downgrade() -> None:
    """Take them back; what was said in them is lost."""
    op.drop_column("boundary_term", "divisor", schema="devices")
    op.drop_column("installation", "expected_every", schema="devices")
