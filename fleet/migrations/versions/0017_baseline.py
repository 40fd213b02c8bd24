"""A month's figure knows what it was made from; leaving one's plan is a kind of alert; plans say their thresholds.

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
PLANNED = {"most_cv_rmse": "most_cv_rmse > 0", "expected_saving": "expected_saving > 0 AND expected_saving < 1"}
"""What a plan may ask of its model beside the guidelines, and what each column has to be."""


def upgrade() -> None:
    """Add the columns, and the kind."""
    op.add_column("monthly_figure", sa.Column("inputs", sa.Text(), nullable=True), schema="baseline")
    _kinds(KINDS)
    for name, condition in PLANNED.items():
        op.add_column("measurement_plan", sa.Column(name, sa.Numeric(4, 3), nullable=True), schema="baseline")
        op.create_check_constraint(
            op.f(f"ck_measurement_plan_{name}"), "measurement_plan", condition, schema="baseline"
        )


def downgrade() -> None:
    """Take all of it away, with the alerts of that kind."""
    for name in PLANNED:
        op.drop_column("measurement_plan", name, schema="baseline")
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
