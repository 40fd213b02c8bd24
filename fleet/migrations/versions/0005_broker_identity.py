"""What each device signs in to the broker with: since when, by whom, until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to, watch

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "devices.broker_identity"


def upgrade() -> None:
    """Make the table; a salted hash is in it, so that only who provisions reads it."""
    op.create_table(
        "broker_identity",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewed_by", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("cut_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name="fk_broker_identity_device_id_device"),
        sa.PrimaryKeyConstraint("id", name="pk_broker_identity"),
        sa.UniqueConstraint("device_id", name="uq_broker_identity_device_id"),
        schema="devices",
    )
    op.create_index(
        "uq_broker_identity_name",
        "broker_identity",
        ["dialect", "name"],
        unique=True,
        schema="devices",
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    close(TABLE)
    open_to(TABLE, "operator", "SIU")
    open_to(TABLE, "worker", "SIU")
    watch(TABLE)


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("broker_identity", schema="devices")
