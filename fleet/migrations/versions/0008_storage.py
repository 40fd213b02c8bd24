"""Months of readings that are detached, by which rule and which never; bounds of what is plausible.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to, watch

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Readings up to the end of the last detached month are closed: none is added, and energy is not derived from before.
CLOSED = """
CREATE FUNCTION devices.readings_closed_until() RETURNS timestamptz
    LANGUAGE sql STABLE SET timezone = 'UTC'
    BEGIN ATOMIC
        SELECT (max(month) + interval '1 month')::timestamptz FROM devices.detached_month WHERE attached_at IS NULL;
    END
"""

# Frozen and superseded plans, and every report: whatever was billed stands on one of them (truth 5, truth 8). A month
# of context before is kept with them, since the first index of a local year stands in the UTC year before.
EVIDENCE = """
CREATE FUNCTION devices.evidence_since() RETURNS date
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
        SELECT (date_trunc('month', least(
            (SELECT min(lower(baseline_period)) FROM baseline.measurement_plan WHERE state <> 'draft'),
            (SELECT min(lower(period)) FROM baseline.savings_report)
        ) - interval '1 day') - interval '1 month')::date;
    END
"""

# Why a month stays attached, NULL where nothing keeps it. Months go from the oldest on, never one from between.
KEPT_BY = """
CREATE FUNCTION devices.reading_month_kept_by(asked date) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    following date := asked + interval '1 month';
    -- Without a rule everything is kept.
    kept_since date := coalesce((SELECT now() - make_interval(months => keep_months) FROM devices.retention
        WHERE kind = 'reading'), '-infinity');
BEGIN
    RETURN CASE
        WHEN following > kept_since THEN 'retention'
        WHEN following > devices.evidence_since() THEN 'evidence'
        WHEN EXISTS (SELECT FROM devices.arrival WHERE first_ts < following::timestamptz) THEN 'energy'
    END;
END $$
"""

DETACH = """
CREATE FUNCTION devices.detach_reading_month(asked date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    partition text := 'reading_y' || to_char(asked, 'YYYY"m"MM');
    reason text := devices.reading_month_kept_by(asked);
    oldest text := (SELECT min(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'devices.reading'::regclass);
BEGIN
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'readings of % are kept by %', asked, reason USING ERRCODE = 'restrict_violation';
    ELSIF partition IS DISTINCT FROM oldest THEN
        RAISE EXCEPTION 'the oldest month is %, not %', oldest, asked USING ERRCODE = 'restrict_violation';
    END IF;
    EXECUTE format('ALTER TABLE devices.reading DETACH PARTITION devices.%I', partition);
    EXECUTE format('ALTER TABLE devices.%I SET SCHEMA archive', partition);
    -- Detaching took away what the partition had from its parent: kept as it arrived, here too.
    EXECUTE format('CREATE TRIGGER append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON archive.%I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION devices.refuse_reading_change()', partition);
    INSERT INTO devices.detached_month (month) VALUES (asked)
        ON CONFLICT (month) DO UPDATE SET detached_at = now(), attached_at = NULL;
    PERFORM pg_notify('devices_inventory', '');
END $$
"""

ATTACH = """
CREATE FUNCTION devices.attach_reading_month(asked date) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    partition text := 'reading_y' || to_char(asked, 'YYYY"m"MM');
    latest date := (SELECT max(month) FROM devices.detached_month WHERE attached_at IS NULL);
BEGIN
    IF asked IS DISTINCT FROM latest THEN
        RAISE EXCEPTION 'the month detached last is %, not %', latest, asked USING ERRCODE = 'restrict_violation';
    END IF;
    EXECUTE format('DROP TRIGGER append_only ON archive.%I', partition);
    EXECUTE format('ALTER TABLE archive.%I SET SCHEMA devices', partition);
    EXECUTE format('ALTER TABLE devices.reading ATTACH PARTITION devices.%I FOR VALUES FROM (%L) TO (%L)',
        partition, asked::timestamptz, (asked + interval '1 month')::timestamptz);
    UPDATE devices.detached_month SET attached_at = now() WHERE month = asked;
    PERFORM pg_notify('devices_inventory', '');
END $$
"""

# As in 0001, but made apart and then attached: CREATE TABLE PARTITION OF waits for every reader of the readings (a
# backup is one for hours) and lets everybody wait behind it; ATTACH PARTITION waits for none. And nothing is made of
# a month that is closed.
ENSURE_PARTITIONS = """
CREATE OR REPLACE FUNCTION devices.ensure_reading_partitions("from" timestamptz, "to" timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    month date := date_trunc('month', "from");
    last date := date_trunc('month', "to");
    partition text;
BEGIN
    IF month < '1990-01-01' OR last > now() + interval '2 months' THEN
        RAISE EXCEPTION 'no partition for readings from % to %', "from", "to" USING ERRCODE = 'check_violation';
    ELSIF month < devices.readings_closed_until() THEN
        RAISE EXCEPTION 'readings of % are detached', month USING ERRCODE = 'check_violation';
    END IF;
    WHILE month <= last LOOP
        partition := 'reading_y' || to_char(month, 'YYYY"m"MM');
        IF to_regclass('devices.' || partition) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('devices.ensure_reading_partitions'));
            IF to_regclass('devices.' || partition) IS NULL THEN
                EXECUTE format('CREATE TABLE devices.%I (LIKE devices.reading INCLUDING DEFAULTS'
                    ' INCLUDING CONSTRAINTS)', partition);
                EXECUTE format('ALTER TABLE devices.reading ATTACH PARTITION devices.%I FOR VALUES FROM (%L) TO (%L)',
                    partition, month::timestamptz, (month + interval '1 month')::timestamptz);
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
END $$
"""

# Another bound gives readings another meaning, as another factor does (0001): everything is derived again.
BOUNDS_REDERIVE = """
CREATE FUNCTION devices.announce_bound() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF TG_TABLE_NAME = 'subscribed_power' THEN
        INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
        SELECT id, now(), now(), now(), 0 FROM devices.installation
        WHERE point_id IN (NEW.point_id, OLD.point_id);
    ELSIF TG_TABLE_NAME = 'device_model' THEN
        INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
        SELECT i.id, now(), now(), now(), 0 FROM devices.installation i JOIN devices.device d ON d.id = i.device_id
        WHERE d.model_id = NEW.id;
    ELSE
        INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
        SELECT id, now(), now(), now(), 0 FROM devices.installation WHERE device_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON devices.subscribed_power
    FOR EACH ROW EXECUTE FUNCTION devices.announce_bound();
CREATE TRIGGER announce AFTER UPDATE OF max_power_kw ON devices.device_model
    FOR EACH ROW WHEN (NEW.max_power_kw IS DISTINCT FROM OLD.max_power_kw)
    EXECUTE FUNCTION devices.announce_bound();
CREATE TRIGGER announce AFTER UPDATE OF model_id ON devices.device
    FOR EACH ROW WHEN (NEW.model_id IS DISTINCT FROM OLD.model_id) EXECUTE FUNCTION devices.announce_bound()
"""

GRANTS = """
REVOKE ALL ON FUNCTION devices.evidence_since, devices.reading_month_kept_by, devices.detach_reading_month,
    devices.attach_reading_month FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.reading_month_kept_by, devices.detach_reading_month TO fleet_worker
"""


def upgrade() -> None:
    """Make the two tables, the rule and its defaults, and the schema detached months move to."""
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("keep_months", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('reading', 'ingest_heartbeat')", name=op.f("ck_retention_kind")),
        sa.CheckConstraint("keep_months BETWEEN 13 AND 1200", name=op.f("ck_retention_keep_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
        sa.UniqueConstraint("kind", name=op.f("uq_retention_kind")),
        schema="devices",
    )
    op.create_table(
        "detached_month",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("detached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_detached_month_month")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detached_month")),
        sa.UniqueConstraint("month", name=op.f("uq_detached_month_month")),
        schema="devices",
    )
    # Accounting records are kept for 10 years from the close of their year (code de commerce, art. L123-22): 11 years.
    op.execute("INSERT INTO devices.retention (kind, keep_months) VALUES ('reading', 132), ('ingest_heartbeat', 13)")
    close("devices.retention")
    open_to("devices.retention", "operator", "SU")
    open_to("devices.retention", "worker", "S")
    watch("devices.retention")
    close("devices.detached_month")
    for role in ("operator", "technician", "worker", "ingest"):
        open_to("devices.detached_month", role, "S")
    watch("devices.detached_month")
    # Granted to nobody: what is detached is read by the owner, to export it or to attach it again.
    op.execute("CREATE SCHEMA archive")
    for statement in (CLOSED, EVIDENCE, KEPT_BY, DETACH, ATTACH, ENSURE_PARTITIONS):
        op.execute(statement)
    op.execute(GRANTS)
    op.add_column("device_model", sa.Column("max_power_kw", sa.Numeric(), nullable=True), schema="devices")
    op.create_check_constraint(
        op.f("ck_device_model_max_power_kw"), "device_model", "max_power_kw > 0", schema="devices"
    )
    op.execute(BOUNDS_REDERIVE)


def downgrade() -> None:
    """Refuse: what is detached would be forgotten."""
    raise RuntimeError("months that were detached would be forgotten; restore the backup instead")
