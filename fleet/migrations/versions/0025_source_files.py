"""Files of a network operator as they were dropped; what is wrong with them is a kind of alert.

Revision 0025, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import close, open_to

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BEFORE = (
    "silence", "battery", "radio", "clock", "unknown_serial", "implausible", "gap", "conflict", "collection",
    "off_plan",
)  # fmt: skip
KINDS = (*BEFORE[:-1], "source_files", "off_plan")

GUARDS = """
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON devices.source_file
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was received is kept');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON devices.source_drop
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was received is kept')
"""


def upgrade() -> None:
    """Make the tables and say who may reach them; add the kind."""
    op.create_table(
        "source_file",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused', 'unknown_key')", name=op.f("ck_source_file_state")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_source_file_attachment_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["foundation.job.id"], name=op.f("fk_source_file_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_source_file_sha256")),
        schema="devices",
    )
    op.create_table(
        "source_drop",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["devices.source_file.id"], name=op.f("fk_source_drop_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_drop")),
        sa.UniqueConstraint("name", "size", "written_at", name=op.f("uq_source_drop_name_size_written_at")),
        schema="devices",
    )
    op.create_index(op.f("ix_source_drop_file_id"), "source_drop", ["file_id"], unique=False, schema="devices")
    op.execute(GUARDS)
    for table, operator, worker in (("source_file", "SU", "SIU"), ("source_drop", "S", "SI")):
        close(f"devices.{table}")
        open_to(f"devices.{table}", "operator", operator)
        open_to(f"devices.{table}", "worker", worker)
    _kinds(KINDS)


def downgrade() -> None:
    """There is no way back from what files brought: restore the backup taken before the upgrade."""
    raise RuntimeError("what files brought is not thrown away; restore the backup instead")


def _kinds(kinds: tuple[str, ...]) -> None:
    for table in ("alert", "subscription"):
        name = op.f(f"ck_{table}_kind")
        op.drop_constraint(name, table, schema="devices")
        op.create_check_constraint(name, table, f"kind IN {kinds}", schema="devices")
