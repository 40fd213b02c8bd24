"""Models, lots, states and losses of devices; who pays a point and what it may draw; files of devices and of points.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = "('stocked', 'in_van', 'installed', 'commissioned', 'faulty', 'lost', 'retired')"

# What is no number or text of its own: the register that was installed first gives way, as it did when energy was
# derived ("the later one speaks from its start on"), so that the constraint below holds on what is there.
ONE_SOURCE = """
UPDATE devices.installation i SET period = tstzrange(lower(i.period), later.start), closing_index = NULL
FROM (SELECT a.id, min(lower(b.period)) AS start FROM devices.installation a JOIN devices.installation b
    ON b.point_id = a.point_id AND b.quantity = a.quantity AND b.id <> a.id AND b.period && a.period
    AND lower(b.period) > lower(a.period) GROUP BY a.id) AS later
WHERE later.id = i.id
"""

MODELS_FROM_TEXT = """
INSERT INTO devices.device_model (maker, name) SELECT DISTINCT '', model FROM devices.device WHERE model <> '';
UPDATE devices.device d SET model_id = m.id FROM devices.device_model m WHERE m.maker = '' AND m.name = d.model;
INSERT INTO devices.device_event (device_id, at, state) SELECT id, created_at, state FROM devices.device
"""

ENERGY_OF_POINT = """
ALTER TABLE devices.metering_point DROP CONSTRAINT ck_metering_point_energy, ADD CONSTRAINT ck_metering_point_energy
    CHECK (energy IN ('electricity', 'gas', 'heat', 'water', 'photovoltaic', 'solar_thermal', 'ambient'));
UPDATE devices.metering_point SET direction = 'production' WHERE energy IN ('photovoltaic', 'solar_thermal')
"""

# Truth 5: what a frozen plan or a report was made from stays. A term may be added or ended from the day on where no
# frozen plan counts yet and no report has been made; everything else about it never changes.
SIGNED_PAST = """
CREATE FUNCTION devices.guard_boundary_term() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    boundary int;
    since date;
    settled date;
BEGIN
    IF TG_OP = 'INSERT' THEN
        boundary := NEW.boundary_id;
        since := lower(NEW.period);
    ELSIF TG_OP = 'DELETE' THEN
        boundary := OLD.boundary_id;
        since := lower(OLD.period);
    ELSE
        IF (NEW.boundary_id, NEW.point_id, NEW.coefficient)
            IS DISTINCT FROM (OLD.boundary_id, OLD.point_id, OLD.coefficient)
            OR NOT isempty(NEW.period) AND lower(NEW.period) IS DISTINCT FROM lower(OLD.period) THEN
            RAISE EXCEPTION 'Un point compté ne change ni de coefficient ni de premier jour ; finissez-le et'
                ' comptez-le autrement à partir d''une autre date.' USING ERRCODE = 'restrict_violation';
        END IF;
        boundary := OLD.boundary_id;
        -- An empty period is a term taken back: it never counted.
        since := CASE WHEN isempty(NEW.period) THEN lower(OLD.period)
            ELSE least(upper(OLD.period), upper(NEW.period)) END;
    END IF;
    SELECT max(day) INTO settled FROM (
        SELECT greatest(upper(m.baseline_period), m.reporting_starts_on) AS day
        FROM baseline.measurement_plan m WHERE m.boundary_id = boundary AND m.state <> 'draft'
        UNION ALL
        SELECT upper(r.period) FROM baseline.savings_report r JOIN baseline.measurement_plan m ON m.id = r.plan_id
        WHERE m.boundary_id = boundary
    ) AS known;
    IF since < settled THEN
        RAISE EXCEPTION 'Ce périmètre est figé jusqu''au % : un plan signé ou un rapport d''économies en dépend.'
            ' Choisissez une date à partir du %.', to_char(settled - 1, 'DD/MM/YYYY'), to_char(settled, 'DD/MM/YYYY')
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
REVOKE ALL ON FUNCTION devices.guard_boundary_term FROM PUBLIC;
CREATE TRIGGER signed_past BEFORE INSERT OR UPDATE OR DELETE ON devices.boundary_term
    FOR EACH ROW EXECUTE FUNCTION devices.guard_boundary_term()
"""

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON devices.device_event
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what happened to a device is only ever added to');
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON devices.device
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a device is never deleted, it is retired')
"""

# A municipality reads what happened to a device while it was its own, or while it served a building of its own.
EVENT_IS_MINE = f"""(owner_id = {ME} OR EXISTS (SELECT FROM devices.metering_point p
    JOIN contracts.holding h ON h.building_id = p.building_id
    WHERE p.id = device_event.point_id AND h.shareholder_id = {ME} AND device_event.at <@ h.instants))"""
DURING_MY_HOLDING = f"""EXISTS (SELECT FROM devices.metering_point p
    JOIN contracts.holding h ON h.building_id = p.building_id
    WHERE p.id = {{table}}.point_id AND h.shareholder_id = {ME} AND h.period && {{table}}.period)"""


# Who is billed on a part of a shared point sees what the whole of it used while the part was counted for it; where the
# point stands and which device serves it stay its neighbour's.
COUNTED_FOR_ME = f"""EXISTS (SELECT FROM devices.boundary_term t
    JOIN devices.boundary_building bb ON bb.boundary_id = t.boundary_id
    JOIN contracts.holding h ON h.building_id = bb.building_id
    WHERE t.point_id = {{point}} AND h.shareholder_id = {ME} AND h.period && t.period{{more}})"""


def upgrade() -> None:
    """Make the tables, fill them from what is there, say who may reach them."""
    _make_catalogue()
    _widen_devices()
    _make_events()
    _make_points()
    for statement in (ONE_SOURCE, MODELS_FROM_TEXT, ENERGY_OF_POINT, SIGNED_PAST, GUARDS):
        op.execute(statement)
    op.create_exclude_constraint(
        "ex_installation_one_source",
        "installation",
        (sa.column("point_id"), "="),
        (sa.column("quantity"), "="),
        (sa.column("phase"), "="),
        (sa.column("period"), "&&"),
        using="gist",
        schema="devices",
    )
    _open()


def _make_catalogue() -> None:
    op.create_table(
        "device_model",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), server_default="", nullable=False),
        sa.Column("quantities", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("expected_every", sa.Interval(), server_default=sa.text("interval '1 hour'"), nullable=False),
        sa.Column("battery", sa.Text(), server_default="", nullable=False),
        sa.Column("battery_months", sa.Integer(), nullable=True),
        sa.Column("pulse_weight", sa.Numeric(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("expected_every > interval '0'", name=op.f("ck_device_model_expected_every")),
        sa.CheckConstraint("battery_months > 0", name=op.f("ck_device_model_battery_months")),
        sa.CheckConstraint("pulse_weight > 0", name=op.f("ck_device_model_pulse_weight")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_model")),
        sa.UniqueConstraint("maker", "name", name=op.f("uq_device_model_maker_name")),
        schema="devices",
    )
    op.create_table(
        "stock_lot",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("purchased_on", sa.Date(), nullable=False),
        sa.Column("warranty_ends_on", sa.Date(), nullable=True),
        sa.Column("unit_cost", sa.Numeric(14, 2), nullable=False),
        sa.Column("unit_grant", sa.Numeric(14, 2), nullable=False),
        sa.Column("grant_source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("unit_cost >= 0 AND unit_grant BETWEEN 0 AND unit_cost", name=op.f("ck_stock_lot_cost")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot")),
        sa.UniqueConstraint("reference", name=op.f("uq_stock_lot_reference")),
        schema="devices",
    )


def _widen_devices() -> None:
    for column, target in (
        ("model_id", "devices.device_model.id"),
        ("lot_id", "devices.stock_lot.id"),
        ("owner_id", "contracts.shareholder.id"),
    ):
        foreign = sa.ForeignKey(target, name=op.f(f"fk_device_{column}"))
        op.add_column("device", sa.Column(column, sa.Integer(), foreign, nullable=True), schema="devices")
        op.create_index(op.f(f"ix_device_{column}"), "device", [column], schema="devices")
    op.alter_column("device", "model", server_default="", schema="devices")
    op.alter_column("device", "expected_every", nullable=True, server_default=None, schema="devices")
    op.add_column("installation", sa.Column("phase", sa.Text(), server_default="", nullable=False), schema="devices")
    op.create_check_constraint(
        op.f("ck_installation_phase"), "installation", "phase IN ('', 'L1', 'L2', 'L3')", schema="devices"
    )


def _make_events() -> None:
    op.create_table(
        "device_event",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "account_id",
            sa.Integer(),
            server_default=sa.text("nullif(current_setting('app.account_id', true), '')::int"),
            nullable=True,
        ),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(f"state_before IN {STATES} AND state IN {STATES}", name=op.f("ck_device_event_state")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_device_event_device_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["contracts.shareholder.id"], name=op.f("fk_device_event_owner_id")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_device_event_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_event")),
        schema="devices",
    )
    op.create_index(op.f("ix_device_event_device_id"), "device_event", ["device_id"], schema="devices")
    op.create_table(
        "device_loss",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("complaint_number", sa.Text(), server_default="", nullable=False),
        sa.Column("complained_on", sa.Date(), nullable=True),
        sa.Column("insurer", sa.Text(), server_default="", nullable=False),
        sa.Column("claim_number", sa.Text(), server_default="", nullable=False),
        sa.Column("borne_by", sa.Text(), server_default="undecided", nullable=False),
        sa.Column("found_event_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "cause IN ('theft', 'vandalism', 'fire', 'water', 'works', 'mislaid', 'unknown')",
            name=op.f("ck_device_loss_cause"),
        ),
        sa.CheckConstraint(
            "borne_by IN ('spl', 'owner', 'holder', 'insurer', 'third_party', 'undecided')",
            name=op.f("ck_device_loss_borne_by"),
        ),
        sa.ForeignKeyConstraint(["event_id"], ["devices.device_event.id"], name=op.f("fk_device_loss_event_id")),
        sa.ForeignKeyConstraint(
            ["found_event_id"], ["devices.device_event.id"], name=op.f("fk_device_loss_found_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_loss")),
        sa.UniqueConstraint("event_id", name=op.f("uq_device_loss_event_id")),
        schema="devices",
    )


def _make_points() -> None:
    op.add_column(
        "metering_point", sa.Column("direction", sa.Text(), server_default="import", nullable=False), schema="devices"
    )
    op.create_check_constraint(
        op.f("ck_metering_point_direction"),
        "metering_point",
        "direction IN ('import', 'export', 'production', 'none')",
        schema="devices",
    )
    # One PRM counts what is drawn and what is given to the network.
    op.drop_constraint(op.f("uq_metering_point_identifier"), "metering_point", schema="devices")
    op.create_unique_constraint(
        op.f("uq_metering_point_identifier_direction"), "metering_point", ["identifier", "direction"], schema="devices"
    )
    _make_dated(
        "point_payment",
        "ex_point_payment_one_payer",
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Integer(), nullable=True),
        sa.Column("payer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("supplier", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "contract IN ('supply', 'fixed_price', 'profit_share', 'recharged')",
            name=op.f("ck_point_payment_contract"),
        ),
        sa.CheckConstraint("(payer_id IS NULL) <> (payer_name = '')", name=op.f("ck_point_payment_payer")),
        sa.ForeignKeyConstraint(["payer_id"], ["contracts.shareholder.id"], name=op.f("fk_point_payment_payer_id")),
    )
    op.create_index(op.f("ix_point_payment_payer_id"), "point_payment", ["payer_id"], schema="devices")
    _make_dated(
        "subscribed_power",
        "ex_subscribed_power_one",
        sa.Column("power", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.CheckConstraint("power > 0", name=op.f("ck_subscribed_power_power")),
        sa.CheckConstraint("unit IN ('kVA', 'kW')", name=op.f("ck_subscribed_power_unit")),
    )
    op.create_table(
        "bulk_import",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("rows_new", sa.Integer(), nullable=False),
        sa.Column("rows_known", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('devices', 'points')", name=op.f("ck_bulk_import_kind")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_bulk_import_attachment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_import")),
        schema="devices",
    )


def _make_dated(table: str, exclusion: str, *more: sa.Column[object] | sa.Constraint) -> None:
    """Make a table of what is true of a point during a period, one at a time."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *more,
        postgresql.ExcludeConstraint(
            (sa.column("point_id"), "="), (sa.column("period"), "&&"), using="gist", name=exclusion
        ),
        sa.CheckConstraint("NOT isempty(period)", name=op.f(f"ck_{table}_period")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f(f"fk_{table}_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        schema="devices",
    )


def _open() -> None:
    """Say who may reach what; amounts and contracts are not for technicians."""
    tables = ("device_model", "stock_lot", "device_event", "device_loss", "point_payment", "subscribed_power")
    for table in (*tables, "bulk_import"):
        close(f"devices.{table}")
        verbs = {"device_event": "SI", "bulk_import": "SI"}.get(table, "SIU")
        open_to(f"devices.{table}", "operator", verbs)
        open_to(f"devices.{table}", "worker", "S")
    for role in ("technician", "ingest", "shareholder"):
        open_to("devices.device_model", role, "S")
    op.execute(
        "GRANT SELECT (id, reference, supplier, purchased_on, warranty_ends_on, created_at) ON devices.stock_lot"
        " TO fleet_technician;"
        " CREATE POLICY technician ON devices.stock_lot FOR SELECT TO fleet_technician USING (true)"
    )
    open_to("devices.device_event", "technician", "SI")
    open_to("devices.device_event", "shareholder", "S", EVENT_IS_MINE)
    # The worker commissions what a sensor's first readings confirm.
    op.execute("GRANT INSERT ON devices.device_event TO fleet_worker")
    op.execute("CREATE POLICY worker_adds ON devices.device_event FOR INSERT TO fleet_worker WITH CHECK (true)")
    open_to("devices.device_loss", "technician", "SIU")
    open_to(
        "devices.device_loss",
        "shareholder",
        "S",
        "EXISTS (SELECT FROM devices.device_event e WHERE e.id = device_loss.event_id)",
    )
    for table in ("point_payment", "subscribed_power"):
        open_to(f"devices.{table}", "shareholder", "S", DURING_MY_HOLDING.format(table=table))
    open_to("devices.subscribed_power", "technician", "S")
    op.execute(
        "ALTER POLICY shareholder ON devices.device USING"
        f" (owner_id = {ME} OR EXISTS (SELECT FROM devices.installation i WHERE i.device_id = device.id))"
    )
    for table, point, more in (
        ("metering_point", "metering_point.id", ""),
        ("daily_energy", "daily_energy.point_id", " AND daily_energy.day <@ h.period AND daily_energy.day <@ t.period"),
        # Days of a term are the site's; an hour at their edge is seen from both sides.
        ("hourly_energy", "hourly_energy.point_id", " AND hourly_energy.hour <@ h.instants"),
    ):
        rows = COUNTED_FOR_ME.format(point=point, more=more)
        op.execute(f"CREATE POLICY shares ON devices.{table} FOR SELECT TO fleet_shareholder USING ({rows})")
    for table in ("device_model", "stock_lot", "device_loss", "point_payment", "subscribed_power"):
        watch(f"devices.{table}")


def downgrade() -> None:
    """There is no way back: what happened to devices since would be lost; restore the backup instead."""
    raise RuntimeError("this would forget what happened to devices; restore the backup instead")
