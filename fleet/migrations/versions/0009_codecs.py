"""Makers' codecs and the models of device they are for.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import close, open_to, watch

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Who runs codecs reads their sources, and no other original.
SOURCES = "EXISTS (SELECT FROM devices.codec c WHERE c.source_id = attachment.id)"


def upgrade() -> None:
    """Make the tables; the collection is told of changes as of those of the inventory."""
    op.create_table(
        "codec",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("meanings", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["foundation.attachment.id"], name="fk_codec_source_id_attachment"),
        sa.PrimaryKeyConstraint("id", name="pk_codec"),
        sa.UniqueConstraint("maker", "name", "version", name="uq_codec_maker_name_version"),
        schema="devices",
    )
    op.create_table(
        "codec_use",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("codec_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["codec_id"], ["devices.codec.id"], name="fk_codec_use_codec_id_codec"),
        sa.ForeignKeyConstraint(["model_id"], ["devices.device_model.id"], name="fk_codec_use_model_id_device_model"),
        sa.PrimaryKeyConstraint("id", name="pk_codec_use"),
        sa.UniqueConstraint("model_id", name="uq_codec_use_model_id"),
        schema="devices",
    )
    op.create_index("ix_codec_use_codec_id", "codec_use", ["codec_id"], schema="devices")
    for table in ("devices.codec", "devices.codec_use"):
        close(table)
        open_to(table, "operator", "SIU")
        open_to(table, "technician", "S")
        open_to(table, "worker", "S")
        open_to(table, "ingest", "S")
        watch(table)
        op.execute(
            f"CREATE TRIGGER tell_inventory AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory()"
        )
    open_to("foundation.attachment", "technician", "S", SOURCES)
    open_to("foundation.attachment", "ingest", "S", SOURCES)


def downgrade() -> None:
    """Take the tables away again."""
    op.execute("DROP POLICY technician ON foundation.attachment")
    op.execute("DROP POLICY ingest ON foundation.attachment")
    op.execute("REVOKE SELECT ON foundation.attachment FROM fleet_technician, fleet_ingest")
    op.drop_table("codec_use", schema="devices")
    op.drop_table("codec", schema="devices")
