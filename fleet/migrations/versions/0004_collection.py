"""The collection listens to every dialect: what it has to remember, what it counts, where a sensor's clock stands.

A DevEUI is registered in one spelling from now on (lower case, bare); those that are there are brought to it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import close, open_to

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ONE_SPELLING = """
UPDATE devices.device d SET serial = lower(regexp_replace(serial, '-', '', 'g'))
WHERE serial ~ '^[0-9A-Fa-f]{2}(-?)([0-9A-Fa-f]{2}\\1){6}[0-9A-Fa-f]{2}$'
    AND serial <> lower(regexp_replace(serial, '-', '', 'g'))
    AND NOT EXISTS (
        SELECT FROM devices.device o
        WHERE o.id <> d.id
            AND lower(regexp_replace(o.serial, '-', '', 'g')) = lower(regexp_replace(d.serial, '-', '', 'g')))
"""

# What a device's clock says without an offset is placed by its site's time zone: ingest sees that and nothing else.
ZONES = """
GRANT SELECT (id, site_id) ON contracts.building TO fleet_ingest;
GRANT SELECT (id, timezone) ON contracts.site TO fleet_ingest;
CREATE POLICY ingest ON contracts.building FOR SELECT TO fleet_ingest USING (true);
CREATE POLICY ingest ON contracts.site FOR SELECT TO fleet_ingest USING (true);
CREATE TRIGGER tell_inventory AFTER UPDATE OF timezone ON contracts.site
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory();
CREATE TRIGGER tell_inventory AFTER UPDATE OF site_id ON contracts.building
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory();
CREATE TRIGGER tell_inventory AFTER UPDATE OF building_id ON devices.metering_point
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory()
"""


def upgrade() -> None:
    """Add columns and tables, open them to ingest, bring DevEUIs to one spelling."""
    for column in ("dialect", "prefix"):
        op.add_column("dead_letter", sa.Column(column, sa.Text(), server_default="", nullable=False), schema="devices")
    op.add_column("dead_letter", sa.Column("measured", postgresql.JSONB(), nullable=True), schema="devices")
    for column in ("unmeasured", "ignored"):
        op.add_column(
            "ingest_heartbeat", sa.Column(column, sa.BigInteger(), server_default="0", nullable=False), schema="devices"
        )
    op.add_column(
        "ingest_heartbeat",
        sa.Column("subscriptions", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        schema="devices",
    )
    op.create_table(
        "undated_delivery",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("mid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "mid", name=op.f("pk_undated_delivery")),
        schema="devices",
    )
    op.create_table(
        "announcement",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_announcement")),
        schema="devices",
    )
    op.create_table(
        "unserved_channel",
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_value", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("serial", "channel", name=op.f("pk_unserved_channel")),
        schema="devices",
    )
    for table in ("undated_delivery", "announcement", "unserved_channel"):
        close(f"devices.{table}")
        open_to(f"devices.{table}", "ingest", "SIU")
        open_to(f"devices.{table}", "worker", "S")
        open_to(f"devices.{table}", "operator", "S")
    op.execute(ZONES)
    op.execute(ONE_SPELLING)


def downgrade() -> None:
    """There is no way back: what was learned would be lost; restore the backup taken before the upgrade."""
