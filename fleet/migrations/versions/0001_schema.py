"""The tables of all floors.

Revision 0001, the first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# What tables alone cannot say: partitions made on demand, rows that stay, news of the inventory.

# Months are cut in UTC. The advisory lock keeps two writers from making the same month; nothing is granted on
# a partition, so that it can be reached through `devices.reading` and its policies only.
ENSURE_PARTITIONS = """
CREATE FUNCTION devices.ensure_reading_partitions("from" timestamptz, "to" timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
    month date := date_trunc('month', "from");
    last date := date_trunc('month', "to");
    partition text;
BEGIN
    IF month < '1990-01-01' OR last > now() + interval '2 months' THEN
        RAISE EXCEPTION 'no partition for readings from % to %', "from", "to" USING ERRCODE = 'check_violation';
    END IF;
    WHILE month <= last LOOP
        partition := 'reading_y' || to_char(month, 'YYYY"m"MM');
        IF to_regclass('devices.' || partition) IS NULL THEN
            PERFORM pg_advisory_xact_lock(hashtext('devices.ensure_reading_partitions'));
            IF to_regclass('devices.' || partition) IS NULL THEN
                EXECUTE format('CREATE TABLE devices.%I PARTITION OF devices.reading FOR VALUES FROM (%L) TO (%L)',
                    partition, month::timestamptz, (month + interval '1 month')::timestamptz);
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
END $$
"""

# Whoever stores readings may ask for months, and for nothing else.
ENSURE_PARTITIONS_GRANTS = """
REVOKE ALL ON FUNCTION devices.ensure_reading_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.ensure_reading_partitions TO fleet_ingest, fleet_worker
"""

# A row trigger is inherited by every partition, a statement trigger is not.
APPEND_ONLY = """
CREATE FUNCTION devices.refuse_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a reading is kept as it arrived: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON devices.reading
    FOR EACH ROW EXECUTE FUNCTION devices.refuse_reading_change();
CREATE TRIGGER kept BEFORE TRUNCATE ON devices.reading
    FOR EACH STATEMENT EXECUTE FUNCTION devices.refuse_reading_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON devices.reading_conflict
    FOR EACH ROW EXECUTE FUNCTION devices.refuse_reading_change()
"""

# Ingest keeps in memory which channel serves which point, and forgets it when told here.
INVENTORY_NEWS = """
CREATE FUNCTION devices.tell_inventory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('devices_inventory', '');
    RETURN NULL;
END $$;
CREATE TRIGGER tell_inventory AFTER INSERT OR UPDATE OR DELETE ON devices.device
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory();
CREATE TRIGGER tell_inventory AFTER INSERT OR UPDATE OR DELETE ON devices.installation
    FOR EACH STATEMENT EXECUTE FUNCTION devices.tell_inventory()
"""

# Another period, factor or index gives readings another meaning: an arrival of no reading asks for all of them to be
# derived again, for this installation and the others of the channel, whose readings may now be its own.
INVENTORY_REDERIVES = """
CREATE FUNCTION devices.announce_installation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
    SELECT id, now(), lower(period), lower(period), 0 FROM devices.installation
    WHERE device_id = NEW.device_id AND channel = NEW.channel;
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OF period, factor, opening_index, closing_index ON devices.installation
    FOR EACH ROW EXECUTE FUNCTION devices.announce_installation()
"""

STATEMENTS = (ENSURE_PARTITIONS, ENSURE_PARTITIONS_GRANTS, APPEND_ONLY, INVENTORY_NEWS, INVENTORY_REDERIVES)


def upgrade() -> None:
    """Make the schemas, the tables, and what tables alone cannot say about readings."""
    for schema in ("foundation", "contracts", "devices", "baseline", "billing"):
        op.execute(f"CREATE SCHEMA {schema}")
    op.create_table(
        "station",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Numeric(), nullable=True),
        sa.Column("longitude", sa.Numeric(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("code", name=op.f("uq_station_code")),
        schema="baseline",
    )
    op.create_table(
        "invoice_series",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_issue_date", sa.Date(), nullable=True),
        sa.Column("head_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_invoice_series")),
        schema="billing",
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=False),
        sa.Column("share_capital", sa.Numeric(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("trade_register", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("bic", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        schema="contracts",
    )
    op.create_table(
        "shareholder",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('commune', 'intercommunality', 'syndicate')", name=op.f("ck_shareholder_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shareholder")),
        sa.UniqueConstraint("name", name=op.f("uq_shareholder_name")),
        sa.UniqueConstraint("siren", name=op.f("uq_shareholder_siren")),
        schema="contracts",
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Numeric(), nullable=True),
        sa.Column("longitude", sa.Numeric(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", "city", name=op.f("uq_site_name_city")),
        schema="contracts",
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mid", sa.Integer(), nullable=False),
        sa.Column("retain", sa.Boolean(), nullable=False),
        sa.Column("dup", sa.Boolean(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
        schema="devices",
    )
    op.create_index(op.f("ix_dead_letter_digest"), "dead_letter", ["digest"], unique=False, schema="devices")
    op.create_index(
        "ix_dead_letter_waiting",
        "dead_letter",
        ["reason", "id"],
        unique=False,
        schema="devices",
        postgresql_where="replayed_at IS NULL",
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("expected_every", sa.Interval(), server_default=sa.text("interval '1 hour'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('stocked', 'in_van', 'installed', 'commissioned', 'faulty', 'lost', 'retired')",
            name=op.f("ck_device_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("serial", name=op.f("uq_device_serial")),
        schema="devices",
    )
    op.create_table(
        "ingest_heartbeat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("last_commit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("conflicts", sa.BigInteger(), nullable=False),
        sa.Column("dead_letters", sa.BigInteger(), nullable=False),
        sa.Column("retained", sa.BigInteger(), nullable=False),
        sa.Column("buffered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_heartbeat")),
        schema="devices",
    )
    op.create_index(
        "ix_ingest_heartbeat_client", "ingest_heartbeat", ["client_id", "at"], unique=False, schema="devices"
    )
    op.create_table(
        "measurement_boundary",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("energy", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "energy IN ('electricity', 'gas', 'heat', 'water', 'photovoltaic', 'solar_thermal')",
            name=op.f("ck_measurement_boundary_energy"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement_boundary")),
        sa.UniqueConstraint("name", name=op.f("uq_measurement_boundary_name")),
        schema="devices",
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("remote_address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
        schema="fleet",
    )
    op.create_index("ix_sign_in_attempt_email_at", "sign_in_attempt", ["email", "at"], unique=False, schema="fleet")
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint(
            "sha256",
            "shareholder_id",
            name=op.f("uq_attachment_sha256_shareholder_id"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="foundation",
    )
    op.create_index(
        op.f("ix_attachment_shareholder_id"), "attachment", ["shareholder_id"], unique=False, schema="foundation"
    )
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        schema="foundation",
    )
    op.create_index("ix_change_row", "change", ["table_name", "row_id"], unique=False, schema="foundation")
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        schema="foundation",
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["state"],
        unique=False,
        schema="foundation",
        postgresql_where="state IN ('queued', 'running')",
    )
    op.create_table(
        "set_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("now", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_set_clock_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_clock")),
        schema="foundation",
    )
    op.create_table(
        "temperature",
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("celsius", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["baseline.station.id"], name=op.f("fk_temperature_station_id")),
        sa.PrimaryKeyConstraint("station_id", "hour", name=op.f("pk_temperature")),
        schema="baseline",
    )
    op.create_table(
        "weather_import",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("hours_new", sa.Integer(), nullable=False),
        sa.Column("hours_changed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_weather_import_attachment_id")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["baseline.station.id"], name=op.f("fk_weather_import_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weather_import")),
        schema="baseline",
    )
    op.create_table(
        "budget",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=True),
        sa.Column("commitment_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_budget_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget")),
        sa.UniqueConstraint("siret", name=op.f("uq_budget_siret")),
        schema="contracts",
    )
    op.create_table(
        "building",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("floor_area_m2", sa.Numeric(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("floor_area_m2 > 0", name=op.f("ck_building_floor_area")),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_building_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_building_site_id_name")),
        schema="contracts",
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(role = 'shareholder') = (shareholder_id IS NOT NULL)", name=op.f("ck_account_shareholder")
        ),
        sa.CheckConstraint("role IN ('operator', 'shareholder', 'technician')", name=op.f("ck_account_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_email")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_account_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        schema="fleet",
    )
    op.create_table(
        "job_item",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'done', 'failed')", name=op.f("ck_job_item_state")),
        sa.ForeignKeyConstraint(["job_id"], ["foundation.job.id"], name=op.f("fk_job_item_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_item")),
        sa.UniqueConstraint("job_id", "key", name=op.f("uq_job_item_job_id_key")),
        schema="foundation",
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("term", postgresql.DATERANGE(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("deliberation_number", sa.Text(), nullable=True),
        sa.Column("deliberation_date", sa.Date(), nullable=True),
        sa.Column("signatory", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state = 'draft' OR (signed_on IS NOT NULL AND deliberation_number IS NOT NULL AND deliberation_date IS NOT NULL)",
            name=op.f("ck_agreement_signature"),
        ),
        sa.CheckConstraint("state IN ('draft', 'signed', 'amended', 'ended')", name=op.f("ck_agreement_state")),
        sa.CheckConstraint("NOT isempty(term)", name=op.f("ck_agreement_term")),
        sa.ForeignKeyConstraint(["budget_id"], ["contracts.budget.id"], name=op.f("fk_agreement_budget_id")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_agreement_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sa.UniqueConstraint("number", name=op.f("uq_agreement_number")),
        schema="contracts",
    )
    op.create_index(
        op.f("ix_agreement_shareholder_id"), "agreement", ["shareholder_id"], unique=False, schema="contracts"
    )
    op.create_table(
        "holding",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("instants", postgresql.TSTZRANGE(), server_default=sa.FetchedValue(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("building_id"), "="), (sa.column("period"), "&&"), using="gist", name="ex_holding_one_holder"
        ),
        sa.CheckConstraint("NOT isempty(period)", name=op.f("ck_holding_period")),
        sa.ForeignKeyConstraint(["building_id"], ["contracts.building.id"], name=op.f("fk_holding_building_id")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_holding_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holding")),
        schema="contracts",
    )
    op.create_index(op.f("ix_holding_shareholder_id"), "holding", ["shareholder_id"], unique=False, schema="contracts")
    op.create_table(
        "boundary_building",
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["boundary_id"], ["devices.measurement_boundary.id"], name=op.f("fk_boundary_building_boundary_id")
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["contracts.building.id"], name=op.f("fk_boundary_building_building_id")
        ),
        sa.PrimaryKeyConstraint("boundary_id", "building_id", name=op.f("pk_boundary_building")),
        schema="devices",
    )
    op.create_table(
        "metering_point",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("energy", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "energy IN ('electricity', 'gas', 'heat', 'water', 'photovoltaic', 'solar_thermal')",
            name=op.f("ck_metering_point_energy"),
        ),
        sa.ForeignKeyConstraint(["building_id"], ["contracts.building.id"], name=op.f("fk_metering_point_building_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metering_point")),
        sa.UniqueConstraint("building_id", "name", name=op.f("uq_metering_point_building_id_name")),
        sa.UniqueConstraint("identifier", name=op.f("uq_metering_point_identifier")),
        schema="devices",
    )
    op.create_table(
        "web_session",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_web_session_account_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_web_session")),
        schema="fleet",
    )
    op.create_index(op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False, schema="fleet")
    op.create_table(
        "measurement_plan",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("baseline_period", postgresql.DATERANGE(), nullable=False),
        sa.Column("reporting_starts_on", sa.Date(), nullable=False),
        sa.Column("confidence_level", sa.Double(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("model", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_by", sa.Text(), nullable=True),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("interval IN ('g14', 'empirical')", name=op.f("ck_measurement_plan_interval")),
        sa.CheckConstraint(
            "state <> 'signed' OR (agreement_id IS NOT NULL AND signed_on IS NOT NULL)",
            name=op.f("ck_measurement_plan_signed"),
        ),
        sa.CheckConstraint(
            "state = 'draft' OR (model IS NOT NULL AND sha256 IS NOT NULL)", name=op.f("ck_measurement_plan_frozen")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'frozen', 'signed', 'superseded')", name=op.f("ck_measurement_plan_state")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["contracts.agreement.id"], name=op.f("fk_measurement_plan_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["boundary_id"], ["devices.measurement_boundary.id"], name=op.f("fk_measurement_plan_boundary_id")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["baseline.station.id"], name=op.f("fk_measurement_plan_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement_plan")),
        schema="baseline",
    )
    op.create_index(
        op.f("ix_measurement_plan_agreement_id"), "measurement_plan", ["agreement_id"], unique=False, schema="baseline"
    )
    op.create_index(
        op.f("ix_measurement_plan_boundary_id"), "measurement_plan", ["boundary_id"], unique=False, schema="baseline"
    )
    op.create_table(
        "settlement",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("contract_year", postgresql.DATERANGE(), nullable=False),
        sa.Column("contract_year_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("baseline_value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("avoided_value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("share_to_date", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("already_billed", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("waiting", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("evaluation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("accepted_by", sa.Text(), nullable=True),
        sa.Column("dispute", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agreement_id"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("state <> 'disputed'"),
            using="gist",
            name="ex_settlement_period_once",
        ),
        sa.CheckConstraint("(state = 'disputed') = (dispute IS NOT NULL)", name=op.f("ck_settlement_dispute")),
        sa.CheckConstraint(
            "(state IN ('accepted', 'invoiced')) = (accepted_on IS NOT NULL)", name=op.f("ck_settlement_acceptance")
        ),
        sa.CheckConstraint(
            "outcome IN ('invoice', 'credit_note', 'nothing', 'waits')", name=op.f("ck_settlement_outcome")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'reviewed', 'disputed', 'accepted', 'invoiced')", name=op.f("ck_settlement_state")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["contracts.agreement.id"], name=op.f("fk_settlement_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
        schema="billing",
    )
    op.create_index(
        op.f("ix_settlement_shareholder_id"), "settlement", ["shareholder_id"], unique=False, schema="billing"
    )
    op.create_table(
        "annex",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["contracts.agreement.id"], name=op.f("fk_annex_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annex")),
        sa.UniqueConstraint("agreement_id", "sha256", name=op.f("uq_annex_agreement_id_sha256")),
        schema="contracts",
    )
    op.create_table(
        "energy_price",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Text(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agreement_id"), "="),
            (sa.column("energy"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_energy_price_one_price",
        ),
        sa.CheckConstraint("NOT isempty(period) AND price > 0", name=op.f("ck_energy_price_price")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["contracts.agreement.id"], name=op.f("fk_energy_price_agreement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_energy_price")),
        schema="contracts",
    )
    op.create_index(
        op.f("ix_energy_price_agreement_id"), "energy_price", ["agreement_id"], unique=False, schema="contracts"
    )
    op.create_table(
        "boundary_term",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("coefficient", sa.Numeric(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("boundary_id"), "="),
            (sa.column("point_id"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_boundary_term_once",
        ),
        sa.CheckConstraint("coefficient <> 0", name=op.f("ck_boundary_term_coefficient")),
        sa.ForeignKeyConstraint(
            ["boundary_id"], ["devices.measurement_boundary.id"], name=op.f("fk_boundary_term_boundary_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_boundary_term_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_term")),
        schema="devices",
    )
    op.create_table(
        "daily_energy",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kwh", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("hours_measured", sa.Integer(), nullable=False),
        sa.Column("hours_expected", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "reason IN ('measured', 'measured_in_total', 'estimated', 'suspicious', 'missing')",
            name=op.f("ck_daily_energy_reason"),
        ),
        sa.CheckConstraint("(kwh IS NULL) = (hours_measured = 0)", name=op.f("ck_daily_energy_kwh")),
        sa.CheckConstraint("hours_measured BETWEEN 0 AND hours_expected", name=op.f("ck_daily_energy_hours")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_daily_energy_point_id")),
        sa.PrimaryKeyConstraint("point_id", "day", name=op.f("pk_daily_energy")),
        schema="devices",
    )
    op.create_table(
        "hourly_energy",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kwh", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("(kwh IS NULL) = (reason IN ('missing', 'suspicious'))", name=op.f("ck_hourly_energy_kwh")),
        sa.CheckConstraint(
            "cause IN ('transient_zero', 'spike', 'rollover', 'reset', 'restart', 'backwards', 'implausible', 'no_device')",
            name=op.f("ck_hourly_energy_cause"),
        ),
        sa.CheckConstraint(
            "reason IN ('measured', 'measured_in_total', 'estimated', 'suspicious', 'missing')",
            name=op.f("ck_hourly_energy_reason"),
        ),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_hourly_energy_point_id")),
        sa.PrimaryKeyConstraint("point_id", "hour", name=op.f("pk_hourly_energy")),
        schema="devices",
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("factor", sa.Numeric(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("opening_index", sa.Numeric(), nullable=True),
        sa.Column("closing_index", sa.Numeric(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("device_id"), "="),
            (sa.column("channel"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_installation_one_point",
        ),
        sa.CheckConstraint("factor > 0", name=op.f("ck_installation_factor")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_installation_device_id")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_installation_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
        schema="devices",
    )
    op.create_index(op.f("ix_installation_point_id"), "installation", ["point_id"], unique=False, schema="devices")
    op.create_table(
        "savings_report",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("adjusted_baseline_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("measured_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("avoided_energy_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("avoided_low_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("avoided_high_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("confidence_level", sa.Double(), nullable=False),
        sa.Column("intervals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("days_counted", sa.Integer(), nullable=False),
        sa.Column("days_expected", sa.Integer(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "avoided_energy_kwh = adjusted_baseline_kwh - measured_kwh", name=op.f("ck_savings_report_avoided")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["baseline.measurement_plan.id"], name=op.f("fk_savings_report_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savings_report")),
        schema="baseline",
    )
    op.create_index(op.f("ix_savings_report_plan_id"), "savings_report", ["plan_id"], unique=False, schema="baseline")
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("vat", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("gross", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_sha256", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("xml_id", sa.Integer(), nullable=True),
        sa.Column("pdf_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state IN ('draft', 'ready')) = (number IS NULL) AND (number IS NULL) = (issue_date IS NULL) AND (number IS NULL) = (sha256 IS NULL)",
            name=op.f("ck_invoice_numbered_when_issued"),
        ),
        sa.CheckConstraint("state IN ('draft', 'ready', 'issued', 'credited')", name=op.f("ck_invoice_state")),
        sa.CheckConstraint("gross = net + vat", name=op.f("ck_invoice_gross")),
        sa.ForeignKeyConstraint(["pdf_id"], ["foundation.attachment.id"], name=op.f("fk_invoice_pdf_id")),
        sa.ForeignKeyConstraint(["series"], ["billing.invoice_series.prefix"], name=op.f("fk_invoice_series")),
        sa.ForeignKeyConstraint(["settlement_id"], ["billing.settlement.id"], name=op.f("fk_invoice_settlement_id")),
        sa.ForeignKeyConstraint(["xml_id"], ["foundation.attachment.id"], name=op.f("fk_invoice_xml_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("settlement_id", name=op.f("uq_invoice_settlement_id")),
        schema="billing",
    )
    op.create_index(op.f("ix_invoice_shareholder_id"), "invoice", ["shareholder_id"], unique=False, schema="billing")
    op.create_index("uq_invoice_series_position", "invoice", ["series", "position"], unique=True, schema="billing")
    op.create_table(
        "arrival",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_arrival_installation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        schema="devices",
    )
    op.create_index(op.f("ix_arrival_installation_id"), "arrival", ["installation_id"], unique=False, schema="devices")
    op.create_table(
        "reading",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_reading_installation_id")
        ),
        sa.PrimaryKeyConstraint("installation_id", "ts", name=op.f("pk_reading")),
        schema="devices",
        postgresql_partition_by="RANGE (ts)",
    )
    op.create_table(
        "reading_conflict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_value", sa.Numeric(), nullable=False),
        sa.Column("arrived_value", sa.Numeric(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_reading_conflict_installation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_conflict")),
        sa.UniqueConstraint(
            "installation_id", "ts", "arrived_value", name=op.f("uq_reading_conflict_installation_id_ts_arrived_value")
        ),
        schema="devices",
    )
    op.create_table(
        "report_day",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("temperature_c", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("measured_kwh", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("adjusted_baseline_kwh", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["baseline.savings_report.id"], name=op.f("fk_report_day_report_id")),
        sa.PrimaryKeyConstraint("report_id", "day", name=op.f("pk_report_day")),
        schema="baseline",
    )
    op.create_table(
        "settlement_line",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("settlement_id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("energy", sa.Text(), nullable=False),
        sa.Column("avoided_energy_kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("mean_price", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("prices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("baseline_value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("avoided_value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("half_width_value", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("share", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("owed", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("billed", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.CheckConstraint("amount = 0 OR amount = owed - billed", name=op.f("ck_settlement_line_amount")),
        sa.ForeignKeyConstraint(
            ["boundary_id"], ["devices.measurement_boundary.id"], name=op.f("fk_settlement_line_boundary_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["baseline.savings_report.id"], name=op.f("fk_settlement_line_report_id")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["billing.settlement.id"], name=op.f("fk_settlement_line_settlement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_line")),
        sa.UniqueConstraint(
            "settlement_id",
            "year",
            "boundary_id",
            "energy",
            name=op.f("uq_settlement_line_settlement_id_year_boundary_id_energy"),
        ),
        schema="billing",
    )
    op.create_index(
        op.f("ix_settlement_line_settlement_id"), "settlement_line", ["settlement_id"], unique=False, schema="billing"
    )
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing stands below the first migration: drop the database instead."""
    raise RuntimeError("nothing stands below the first migration; drop the database instead")
