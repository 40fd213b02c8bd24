"""Files of bills, indexes and load curves; coefficients of gas; what was measured beside what was billed.

Revision 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DURING_MY_HOLDING = (
    "EXISTS (SELECT FROM devices.metering_point p JOIN contracts.holding h ON h.building_id = p.building_id"
    f" WHERE p.id = {{table}}.point_id AND h.shareholder_id = {ME} AND h.period && {{table}}.period)"
)
OF_MY_INSTALLATION = "EXISTS (SELECT FROM devices.installation i WHERE i.id = {table}.installation_id)"

# One cause more.
CAUSES = """
SET LOCAL lock_timeout = '10s';
ALTER TABLE devices.hourly_energy DROP CONSTRAINT ck_hourly_energy_cause;
ALTER TABLE devices.hourly_energy ADD CONSTRAINT ck_hourly_energy_cause CHECK (cause IN ('transient_zero', 'spike',
    'rollover', 'reset', 'restart', 'backwards', 'implausible', 'no_device', 'no_coefficient'))
"""

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON devices.reading_correction
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a correction is kept, make a newer one');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON devices.import_profile
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a profile is kept, make another one');
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON devices.file_import
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was received is kept');
CREATE FUNCTION devices.guard_supplier_bill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'replaced_by_id' = to_jsonb(OLD) - 'replaced_by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a bill is kept as it arrived, a correction replaces it' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER figures BEFORE UPDATE OR DELETE ON devices.supplier_bill
    FOR EACH ROW EXECUTE FUNCTION devices.guard_supplier_bill();
CREATE TRIGGER kept BEFORE TRUNCATE ON devices.supplier_bill
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('bills are never deleted');

-- Another coefficient gives readings another meaning: an arrival of no reading asks for all of the point's energy.
CREATE FUNCTION devices.announce_coefficient() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
    SELECT id, now(), coalesce(lower(period), now()), coalesce(lower(period), now()), 0
    FROM devices.installation WHERE point_id = coalesce(NEW.point_id, OLD.point_id);
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON devices.gas_coefficient
    FOR EACH ROW EXECUTE FUNCTION devices.announce_coefficient()
"""


def upgrade() -> None:
    """Make the tables, then say who may reach them."""
    op.create_table(
        "import_profile",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.UniqueConstraint("name", name=op.f("uq_import_profile_name")),
        schema="devices",
    )
    op.create_table(
        "file_import",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('received', 'checked', 'imported')", name=op.f("ck_file_import_state")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_file_import_attachment_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["foundation.job.id"], name=op.f("fk_file_import_job_id")),
        sa.ForeignKeyConstraint(["profile_id"], ["devices.import_profile.id"], name=op.f("fk_file_import_profile_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_import")),
        schema="devices",
    )
    op.create_index(
        "ix_file_import_once",
        "file_import",
        ["attachment_id", "profile_id"],
        unique=True,
        schema="devices",
        postgresql_where=sa.text("state = 'imported'"),
    )
    op.create_table(
        "agreed_limit",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("gap", sa.Numeric(precision=6, scale=5), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("gap > 0 AND gap < 1", name=op.f("ck_agreed_limit_gap")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["contracts.agreement.id"], name=op.f("fk_agreed_limit_agreement_id")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreed_limit")),
        schema="devices",
    )
    op.create_table(
        "gas_coefficient",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("kwh_per_m3", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("heating_value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("point_id"), "="),
            (sa.column("heating_value"), "="),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_gas_coefficient_one",
        ),
        sa.CheckConstraint("heating_value IN ('PCS', 'PCI')", name=op.f("ck_gas_coefficient_heating_value")),
        sa.CheckConstraint("kwh_per_m3 BETWEEN 6 AND 16", name=op.f("ck_gas_coefficient_kwh_per_m3")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_gas_coefficient_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gas_coefficient")),
        schema="devices",
    )
    op.create_table(
        "supplier_bill",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kwh", sa.Numeric(precision=16, scale=3), nullable=False),
        sa.Column("heating_value", sa.Text(), nullable=True),
        sa.Column("volume_m3", sa.Numeric(precision=16, scale=3), nullable=True),
        sa.Column("index_start", sa.Numeric(), nullable=True),
        sa.Column("index_end", sa.Numeric(), nullable=True),
        sa.Column("coefficient", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("net", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("gross", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("correction_reason", sa.Text(), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("point_id"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("replaced_by_id IS NULL"),
            using="gist",
            name="ex_supplier_bill_in_force",
        ),
        sa.CheckConstraint("heating_value IN ('PCS', 'PCI')", name=op.f("ck_supplier_bill_heating_value")),
        sa.CheckConstraint("kwh >= 0", name=op.f("ck_supplier_bill_kwh")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_supplier_bill_attachment_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_supplier_bill_point_id")),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"], ["devices.supplier_bill.id"], name=op.f("fk_supplier_bill_replaced_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_bill")),
        schema="devices",
    )
    op.create_table(
        "imported_series",
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.CheckConstraint("counts IN ('energy', 'volume')", name=op.f("ck_imported_series_counts")),
        sa.CheckConstraint(
            "step IN ('index', 'day', 'PT5M', 'PT10M', 'PT15M', 'PT30M', 'PT60M')", name=op.f("ck_imported_series_step")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_imported_series_installation_id")
        ),
        sa.PrimaryKeyConstraint("installation_id", name=op.f("pk_imported_series")),
        schema="devices",
    )
    op.create_table(
        "overlap_ratio",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("numerator_id", sa.Integer(), nullable=False),
        sa.Column("denominator_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ratio", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("standard_error", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("autocorrelation", sa.Numeric(precision=6, scale=4), nullable=False),
        sa.Column("computed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("days >= 30", name=op.f("ck_overlap_ratio_days")),
        sa.CheckConstraint("numerator_id <> denominator_id", name=op.f("ck_overlap_ratio_two_chains")),
        sa.ForeignKeyConstraint(
            ["denominator_id"], ["devices.installation.id"], name=op.f("fk_overlap_ratio_denominator_id")
        ),
        sa.ForeignKeyConstraint(
            ["numerator_id"], ["devices.installation.id"], name=op.f("fk_overlap_ratio_numerator_id")
        ),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_overlap_ratio_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap_ratio")),
        schema="devices",
    )
    op.create_index(op.f("ix_overlap_ratio_point_id"), "overlap_ratio", ["point_id"], unique=False, schema="devices")
    op.create_table(
        "reading_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("ts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_reading_correction_attachment_id")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_reading_correction_installation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_correction")),
        schema="devices",
    )
    op.create_index(
        "ix_reading_correction_reading",
        "reading_correction",
        ["installation_id", "ts", "id"],
        unique=False,
        schema="devices",
    )
    op.execute(CAUSES)
    op.execute(GUARDS)
    _open()


def _open() -> None:
    """Files belong to the SPL; bills, coefficients and ratios are also for who held the building meanwhile."""
    for table, operator, worker in (
        ("import_profile", "SI", "SI"),
        ("file_import", "SIU", "SU"),
        ("supplier_bill", "S", "SIU"),
        ("gas_coefficient", "SIUD", "SIUD"),
        ("overlap_ratio", "SI", "S"),
        ("agreed_limit", "SIU", "S"),
        ("imported_series", "S", "SI"),
        ("reading_correction", "S", "SI"),
    ):
        close(f"devices.{table}")
        open_to(f"devices.{table}", "operator", operator)
        open_to(f"devices.{table}", "worker", worker)
    # The command line imports as the worker does.
    op.execute("GRANT INSERT ON devices.file_import TO fleet_worker")
    for table in ("supplier_bill", "gas_coefficient", "overlap_ratio"):
        open_to(f"devices.{table}", "shareholder", "S", DURING_MY_HOLDING.format(table=table))
    for table in ("imported_series", "reading_correction"):
        open_to(f"devices.{table}", "shareholder", "S", OF_MY_INSTALLATION.format(table=table))
        open_to(f"devices.{table}", "technician", "S")
    open_to("devices.gas_coefficient", "technician", "S")
    open_to("devices.overlap_ratio", "technician", "S")
    open_to(
        "devices.agreed_limit",
        "shareholder",
        "S",
        f"EXISTS (SELECT FROM contracts.agreement a WHERE a.id = agreement_id AND a.shareholder_id = {ME})",
    )
    # A file's first value of a point makes the series it goes to.
    op.execute("GRANT INSERT ON devices.device TO fleet_worker")
    op.execute("GRANT INSERT, UPDATE (period) ON devices.installation TO fleet_worker")
    op.execute("CREATE POLICY worker_adds ON devices.installation FOR INSERT TO fleet_worker WITH CHECK (true)")
    op.execute(
        "CREATE POLICY worker_lengthens ON devices.installation FOR UPDATE TO fleet_worker"
        " USING (EXISTS (SELECT FROM devices.imported_series s WHERE s.installation_id = installation.id))"
    )
    for table in ("supplier_bill", "gas_coefficient", "overlap_ratio"):
        watch(f"devices.{table}")


def downgrade() -> None:
    """There is no way back from what files brought: restore the backup taken before the upgrade."""
    raise RuntimeError("what files brought is not thrown away; restore the backup instead")
