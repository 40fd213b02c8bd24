"""A month's figure knows what it was made from; a building that leaves its plan is a kind of alert.

Revision 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BEFORE = ("silence", "battery", "radio", "clock", "unknown_serial", "implausible", "gap", "conflict", "collection")
KINDS = (*BEFORE, "off_plan")


def upgrade() -> None:
    """Add the column, and the kind."""
    op.add_column("monthly_figure", sa.Column("inputs", sa.Text(), nullable=True), schema="baseline")
    _kinds(KINDS)


def downgrade() -> None:
    """Take both away, with the alerts of that kind."""
    op.execute(
        "DELETE FROM devices.alert_event WHERE alert_id IN (SELECT id FROM devices.alert WHERE kind = 'off_plan')"
    )
    op.execute("DELETE FROM devices.alert WHERE kind = 'off_plan'")
    op.execute("DELETE FROM devices.subscription WHERE kind = 'off_plan'")
    _kinds(BEFORE)
    op.drop_column("monthly_figure", "inputs", schema="baseline")


def _kinds(kinds: tuple[str, ...]) -> None:
    for table in ("alert", "subscription"):
        name = op.f(f"ck_{table}_kind")
        op.drop_constraint(name, table, schema="devices")
        op.create_check_constraint(name, table, f"kind IN {kinds}", schema="devices")
