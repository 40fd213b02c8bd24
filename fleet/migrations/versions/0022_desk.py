"""Tags of points, and the views of the sheet that people keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to, watch

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MINE = "account_id = foundation.current_account()"


def upgrade() -> None:
    """Tags are the operator's; a kept view is its maker's, and seen by people of the same role where it is shared."""
    op.create_table(
        "point_tag",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tag = lower(btrim(tag)) AND tag <> ''", name=op.f("ck_point_tag_tag")),
        sa.ForeignKeyConstraint(
            ["point_id"], ["devices.metering_point.id"], name=op.f("fk_point_tag_point_id_metering_point")
        ),
        sa.PrimaryKeyConstraint("point_id", "tag", name=op.f("pk_point_tag")),
        schema="devices",
    )
    close("devices.point_tag")
    open_to("devices.point_tag", "operator", "SID")
    for reader in ("shareholder", "technician"):
        # The sheet asks for tags; these readers have none.
        open_to("devices.point_tag", reader, "S", "false")
    op.create_table(
        "sheet_view",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_sheet_view_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_view")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_sheet_view_account_id_name")),
        schema="fleet",
    )
    close("fleet.sheet_view")
    for role in ("operator", "shareholder", "technician"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON fleet.sheet_view TO fleet_{role}")
        op.execute(
            f"CREATE POLICY {role} ON fleet.sheet_view FOR ALL TO fleet_{role}"
            f" USING ({MINE}) WITH CHECK ({MINE} AND role = '{role}')"
        )
    # A municipality's views stay its people's own: another one's filters are nobody's business.
    op.execute(
        "CREATE POLICY shared ON fleet.sheet_view FOR SELECT TO fleet_operator USING (shared AND role = 'operator')"
    )
    watch("fleet.sheet_view")


def downgrade() -> None:
    """Forget both."""
    op.drop_table("sheet_view", schema="fleet")
    op.drop_table("point_tag", schema="devices")
