"""Outgoing mail; what devices say of themselves; alerts, who hears of them, and windows in which nobody does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


KINDS = (
    "kind IN ('silence', 'battery', 'radio', 'clock', 'unknown_serial', 'implausible', 'gap', 'conflict', 'collection')"
)
SEVERITY = "{} IN ('info', 'warning', 'critical')"
WHEN = "tstzrange(alert.opened_at, alert.closed_at, '[]')"
HEARD = (
    "EXISTS (SELECT FROM devices.metering_point p JOIN contracts.holding h ON h.building_id = p.building_id"
    f" WHERE p.id = alert.point_id AND h.shareholder_id = {ME} AND h.instants && {WHEN})"
)
HEARD_EVENT = (
    "EXISTS (SELECT FROM devices.alert a JOIN devices.metering_point p ON p.id = a.point_id"
    " JOIN contracts.holding h ON h.building_id = p.building_id"
    f" WHERE a.id = alert_event.alert_id AND h.shareholder_id = {ME} AND alert_event.at <@ h.instants)"
)
OWN = "account_id = foundation.current_account()"
PEOPLE = "id, email, name, role, shareholder_id, language, active"


def upgrade() -> None:
    _mail()
    _vital()
    _alert()
    _maintenance()
    _subscription()
    # The worker writes to people, technicians name the colleague who looks after something: nobody reads passwords.
    op.execute(f"GRANT SELECT ({PEOPLE}) ON fleet.account TO fleet_worker, fleet_technician")
    op.execute("CREATE POLICY worker_names ON fleet.account FOR SELECT TO fleet_worker USING (true)")
    op.execute(
        "CREATE POLICY technician_names ON fleet.account FOR SELECT TO fleet_technician"
        " USING (role IN ('operator', 'technician'))"
    )


def _vital() -> None:
    op.create_table(
        "vital",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("lowest", sa.Numeric(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_vital_device_id")),
        sa.PrimaryKeyConstraint("device_id", "quantity", "day", name=op.f("pk_vital")),
        schema="devices",
    )
    close("devices.vital")
    open_to("devices.vital", "operator", "S")
    open_to("devices.vital", "technician", "S")
    open_to("devices.vital", "worker", "SIUD")
    open_to("devices.vital", "ingest", "SIU")


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calm_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_alert_kind")),
        sa.CheckConstraint(SEVERITY.format("severity"), name=op.f("ck_alert_severity")),
        sa.CheckConstraint("state IN ('held', 'open', 'closed')", name=op.f("ck_alert_state")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_alert_closed")),
        sa.CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name=op.f("ck_alert_acknowledged")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_alert_device_id")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_alert_point_id")),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_alert_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        schema="devices",
    )
    op.create_index(
        "uq_alert_one_at_a_time",
        "alert",
        ["kind", "subject"],
        unique=True,
        schema="devices",
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_index("ix_alert_latest", "alert", ["kind", "subject", "closed_at"], schema="devices")
    for column in ("device_id", "point_id", "site_id"):
        op.create_index(op.f(f"ix_alert_{column}"), "alert", [column], schema="devices")
    op.create_table(
        "alert_event",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "what IN ('held', 'opened', 'reopened', 'escalated', 'returned', 'left', 'acknowledged', 'assigned', 'note')",
            name=op.f("ck_alert_event_what"),
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["devices.alert.id"], name=op.f("fk_alert_event_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
        schema="devices",
    )
    for column in ("alert_id", "at"):
        op.create_index(op.f(f"ix_alert_event_{column}"), "alert_event", [column], schema="devices")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON devices.alert_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what happened to an alert is only added to')"
    )
    close("devices.alert")
    open_to("devices.alert", "operator", "SU")
    open_to("devices.alert", "technician", "SU")
    open_to("devices.alert", "worker", "SIU")
    # What nobody was told is nobody's news: an alert held by a maintenance window stays with the SPL.
    open_to("devices.alert", "shareholder", "S", f"opened_at IS NOT NULL AND {HEARD}")
    close("devices.alert_event")
    open_to("devices.alert_event", "operator", "SI")
    open_to("devices.alert_event", "technician", "SI")
    open_to("devices.alert_event", "worker", "SI")
    open_to("devices.alert_event", "shareholder", "S", f"what NOT IN ('held', 'note') AND {HEARD_EVENT}")


def _maintenance() -> None:
    op.create_table(
        "maintenance_window",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(device_id, point_id, site_id) = 1", name=op.f("ck_maintenance_window_one_subject")
        ),
        sa.CheckConstraint(
            "NOT isempty(period) AND lower(period) IS NOT NULL AND upper(period) IS NOT NULL",
            name=op.f("ck_maintenance_window_period"),
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_maintenance_window_device_id")),
        sa.ForeignKeyConstraint(
            ["point_id"], ["devices.metering_point.id"], name=op.f("fk_maintenance_window_point_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_maintenance_window_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_window")),
        schema="devices",
    )
    for column in ("device_id", "point_id", "site_id"):
        op.create_index(op.f(f"ix_maintenance_window_{column}"), "maintenance_window", [column], schema="devices")
    close("devices.maintenance_window")
    open_to("devices.maintenance_window", "operator", "SIU")
    open_to("devices.maintenance_window", "technician", "SIU")
    open_to("devices.maintenance_window", "worker", "S")
    watch("devices.maintenance_window")


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("shareholder_id", sa.Integer(), nullable=True),
        sa.Column("least_severity", sa.Text(), nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.CheckConstraint("num_nonnulls(account_id, role) = 1", name=op.f("ck_subscription_one_listener")),
        sa.CheckConstraint("role IN ('operator', 'shareholder', 'technician')", name=op.f("ck_subscription_role")),
        sa.CheckConstraint(KINDS, name=op.f("ck_subscription_kind")),
        sa.CheckConstraint("rhythm IN ('none', 'daily', 'weekly')", name=op.f("ck_subscription_rhythm")),
        sa.CheckConstraint(SEVERITY.format("least_severity"), name=op.f("ck_subscription_least_severity")),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_subscription_site_id")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_subscription_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "kind",
            "site_id",
            "shareholder_id",
            name="uq_subscription_said_once",
            postgresql_nulls_not_distinct=True,
        ),
        schema="devices",
    )
    op.create_table(
        "alert_digest",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rhythm IN ('daily', 'weekly')", name=op.f("ck_alert_digest_rhythm")),
        sa.PrimaryKeyConstraint("account_id", "rhythm", name=op.f("pk_alert_digest")),
        schema="devices",
    )
    close("devices.subscription")
    open_to("devices.subscription", "operator", "SIUD")
    open_to("devices.subscription", "technician", "SIUD", OWN)
    open_to("devices.subscription", "shareholder", "SIUD", OWN)
    open_to("devices.subscription", "worker", "S")
    watch("devices.subscription")
    close("devices.alert_digest")
    open_to("devices.alert_digest", "worker", "SIU")


def _mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_mail_state")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mail_sent")),
        sa.CheckConstraint(
            r"recipient ~ '^[!-~]+@[!-~]+$' AND recipient !~ '[<>,;:\"()\\[\]]'", name=op.f("ck_mail_recipient")
        ),
        sa.CheckConstraint(r"subject !~ '[\x01-\x1f\x7f]' AND subject <> ''", name=op.f("ck_mail_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", name=op.f("uq_mail_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
        schema="foundation",
    )
    op.create_index(
        "ix_mail_queued",
        "mail",
        ["next_try_at"],
        schema="foundation",
        postgresql_where=sa.text("state = 'queued'"),
    )
    close("foundation.mail")
    open_to("foundation.mail", "operator", "SIU")
    open_to("foundation.mail", "worker", "SIU")


def downgrade() -> None:
    op.execute("DROP POLICY technician_names ON fleet.account")
    op.execute("DROP POLICY worker_names ON fleet.account")
    op.execute("REVOKE SELECT ON fleet.account FROM fleet_worker, fleet_technician")
    for table in ("alert_digest", "subscription", "maintenance_window", "alert_event", "alert", "vital"):
        op.drop_table(table, schema="devices")
    op.drop_table("mail", schema="foundation")
