"""Weather: every version of every observation, whose each station is, what is asked of services; sites have an altitude.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SERVICES = "('dpclim', 'files', 'open_meteo')"
STATION = "EXISTS (SELECT FROM baseline.station s WHERE s.id = observation.station_id)"
"""Whoever sees the station: its own policy decides."""
SEES_STATION = "point_id IS NULL OR EXISTS (SELECT FROM devices.metering_point p WHERE p.id = point_id)"
"""A public station is everybody's; the SPL's own sensor tells of the building it hangs on."""


def upgrade() -> None:
    """Add columns and tables; temperatures there are already become the first version of observations."""
    op.add_column("site", sa.Column("altitude_m", sa.Numeric()), schema="contracts")
    _stations()
    for name in ("days_new", "days_changed"):
        op.add_column(
            "weather_import",
            sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False),
            schema="baseline",
        )
    op.add_column(
        "weather_import", sa.Column("kind", sa.Text(), server_default="csv", nullable=False), schema="baseline"
    )
    _observations()
    _services()
    op.execute("GRANT DELETE ON baseline.temperature TO fleet_operator, fleet_worker")


def _stations() -> None:
    op.add_column("station", sa.Column("altitude_m", sa.Numeric()), schema="baseline")
    op.add_column("station", sa.Column("source", sa.Text(), server_default="other", nullable=False), schema="baseline")
    op.add_column("station", sa.Column("wmo_code", sa.Text()), schema="baseline")
    op.add_column("station", sa.Column("point_id", sa.Integer()), schema="baseline")
    op.add_column("station", sa.Column("fetched_by", sa.Text()), schema="baseline")
    op.add_column("station", sa.Column("fetched_since", sa.Date()), schema="baseline")
    op.create_unique_constraint(op.f("uq_station_wmo_code"), "station", ["wmo_code"], schema="baseline")
    op.create_unique_constraint(op.f("uq_station_point_id"), "station", ["point_id"], schema="baseline")
    op.create_foreign_key(
        op.f("fk_station_point_id"),
        "station",
        "metering_point",
        ["point_id"],
        ["id"],
        source_schema="baseline",
        referent_schema="devices",
    )
    for name, condition in (
        ("source", "source IN ('meteo_france', 'open_meteo', 'sensor', 'other')"),
        ("fetched_by", f"fetched_by IN {SERVICES}"),
        ("fetched_since", "(fetched_by IS NULL) = (fetched_since IS NULL)"),
        ("sensor", "(source = 'sensor') = (point_id IS NOT NULL)"),
    ):
        op.create_check_constraint(op.f(f"ck_station_{name}"), "station", condition, schema="baseline")
    close("baseline.station")
    open_to("baseline.station", "operator", "SIU")
    open_to("baseline.station", "worker", "SU")
    open_to("baseline.station", "technician", "S")
    open_to("baseline.station", "shareholder", "S", SEES_STATION)


def _observations() -> None:
    op.create_table(
        "observation",
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("celsius", sa.Numeric(7, 4)),
        sa.Column("quality", sa.Integer()),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attachment_id", sa.Integer()),
        sa.CheckConstraint("parameter IN ('T', 'TN', 'TX', 'TM')", name=op.f("ck_observation_parameter")),
        sa.CheckConstraint("version > 0", name=op.f("ck_observation_version")),
        sa.ForeignKeyConstraint(["station_id"], ["baseline.station.id"], name=op.f("fk_observation_station_id")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_observation_attachment_id")
        ),
        sa.PrimaryKeyConstraint("station_id", "parameter", "at", "source", "version", name=op.f("pk_observation")),
        schema="baseline",
    )
    op.execute(
        "INSERT INTO baseline.observation (station_id, parameter, at, source, version, celsius, received_at)"
        " SELECT station_id, 'T', hour, 'csv', 1, celsius, now() FROM baseline.temperature"
    )
    op.create_index(
        "ix_observation_revised",
        "observation",
        ["station_id", "received_at"],
        schema="baseline",
        postgresql_where=sa.text("version > 1"),
    )
    close("baseline.observation")
    open_to("baseline.observation", "operator", "SI")
    open_to("baseline.observation", "worker", "SI")
    open_to("baseline.observation", "technician", "S")
    open_to("baseline.observation", "shareholder", "S", STATION)


def _services() -> None:
    op.create_table(
        "weather_request",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("end_day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("order_code", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('wanted', 'ordered', 'done', 'failed')", name=op.f("ck_weather_request_state")),
        sa.CheckConstraint(f"service IN {SERVICES}", name=op.f("ck_weather_request_service")),
        sa.CheckConstraint("first_day < end_day", name=op.f("ck_weather_request_days")),
        sa.ForeignKeyConstraint(["station_id"], ["baseline.station.id"], name=op.f("fk_weather_request_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weather_request")),
        schema="baseline",
    )
    op.create_index(
        "ix_weather_request_open",
        "weather_request",
        ["station_id", "first_day"],
        unique=True,
        schema="baseline",
        postgresql_where=sa.text("state IN ('wanted', 'ordered')"),
    )
    op.create_table(
        "service_pace",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"service IN {SERVICES}", name=op.f("ck_service_pace_service")),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_service_pace")),
        schema="baseline",
    )
    for table in ("baseline.weather_request", "baseline.service_pace"):
        close(table)
        open_to(table, "worker", "SIU")
        open_to(table, "operator", "S")


def downgrade() -> None:
    """Take the tables and columns away; versions but the one that counts, and what was asked for, are lost."""
    op.execute("REVOKE DELETE ON baseline.temperature FROM fleet_operator, fleet_worker")
    op.execute("REVOKE UPDATE ON baseline.station FROM fleet_worker")
    for table in ("service_pace", "weather_request", "observation"):
        op.drop_table(table, schema="baseline")
    for column in ("kind", "days_new", "days_changed"):
        op.drop_column("weather_import", column, schema="baseline")
    for role in ("owner", "operator", "worker", "technician", "shareholder"):
        op.execute(f"DROP POLICY {role} ON baseline.station")
    op.execute("ALTER TABLE baseline.station NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    for column in ("altitude_m", "source", "wmo_code", "point_id", "fetched_by", "fetched_since"):
        op.drop_column("station", column, schema="baseline")
    op.drop_column("site", "altitude_m", schema="contracts")
