"""The technician's day: visits, sheets of sites, authorisations, what phones carry and send, tests, reports.

Revision 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ID = sa.Identity(always=True)
NOW = sa.text("now()")
TABLES = (
    "visit",
    "visit_task",
    "site_sheet",
    "authorisation",
    "field_download",
    "submission",
    "field_photo",
    "commissioning_test",
    "visit_document",
)
I = "foundation.current_account()"  # noqa: E741 - who reads
MY_VISIT = f"EXISTS (SELECT FROM devices.visit v WHERE v.id = {{visit}} AND v.technician_id = {I})"
VISIT = "EXISTS (SELECT FROM devices.visit v WHERE v.id = {visit})"
"""Whoever sees the visit: its own policies decide."""
MY_SITE = (
    f"EXISTS (SELECT FROM devices.visit v WHERE v.site_id = {{site}} AND v.technician_id = {I}"
    " AND (v.state IN ('planned', 'started') OR v.state = 'closed' AND v.closed_at > now() - interval '30 days'))"
)
"""Who goes there, or went there within a month."""
HELD = (
    "EXISTS (SELECT FROM contracts.building b JOIN contracts.holding h ON h.building_id = b.id"
    f" WHERE b.site_id = visit.site_id AND h.shareholder_id = {ME} AND visit.planned_on <@ h.period)"
)

RIVAL = """
CREATE FUNCTION devices.rival_work(asked_device int, asked_point int, since timestamptz, me int)
    RETURNS TABLE (id int, by text, done_at timestamptz, kind text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT s.id, s.by, s.done_at, s.kind FROM devices.submission s
        WHERE (s.device_id = asked_device OR s.point_id = asked_point) AND s.account_id <> me AND s.state = 'applied'
            AND s.received_at > since AND s.kind NOT IN ('start', 'close')
        ORDER BY s.id DESC LIMIT 1;
    END;
REVOKE ALL ON FUNCTION devices.rival_work FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.rival_work TO fleet_operator, fleet_technician;
"""
STANDING = """
CREATE FUNCTION devices.download_standing(digest text, at timestamptz, forgotten boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE carried devices.field_download;
DECLARE active boolean;
BEGIN
    SELECT * INTO carried FROM devices.field_download d WHERE d.token_sha256 = digest;
    IF NOT FOUND THEN RETURN 'revoked'; END IF;
    IF forgotten THEN
        UPDATE devices.field_download d SET told_at = coalesce(d.told_at, at) WHERE d.id = carried.id;
    END IF;
    SELECT a.active INTO active FROM fleet.account a WHERE a.id = carried.account_id;
    IF carried.revoked_at IS NOT NULL OR NOT coalesce(active, false) THEN RETURN 'revoked'; END IF;
    RETURN CASE WHEN at < carried.expires_at THEN 'valid' ELSE 'expired' END;
END $$;
REVOKE ALL ON FUNCTION devices.download_standing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.download_standing TO fleet_public, fleet_operator, fleet_technician, fleet_shareholder;
"""
# A technician adds photos and reads back only those that are theirs.
KEEP = """
CREATE FUNCTION devices.keep_photo(picture bytea, file_name text) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE kept int;
DECLARE hash text := encode(sha256(picture), 'hex');
BEGIN
    INSERT INTO foundation.attachment (sha256, name, media_type, content)
        VALUES (hash, file_name, 'image/jpeg', picture) ON CONFLICT DO NOTHING RETURNING id INTO kept;
    IF kept IS NULL THEN
        SELECT a.id INTO STRICT kept FROM foundation.attachment a WHERE a.sha256 = hash AND a.shareholder_id IS NULL;
    END IF;
    RETURN kept;
END $$;
REVOKE ALL ON FUNCTION devices.keep_photo FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices.keep_photo TO fleet_operator, fleet_technician;
"""


def upgrade() -> None:
    """Add the tables, and open them to who needs them."""
    _visits()
    _phones()
    _proofs()
    _open()
    for statement in (RIVAL, STANDING, KEEP):
        op.execute(statement)


def _text(name: str, default: str | None = "", *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=nullable)


def _moment(name: str, *, nullable: bool = True, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _visits() -> None:
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=False),
        _text("technician", None),
        _text("instructions"),
        _text("state", None),
        _text("planned_by", None),
        _moment("started_at"),
        _moment("closed_at"),
        _text("keeper"),
        _text("keeper_email"),
        sa.Column("signature", postgresql.JSONB()),
        _text("remarks"),
        _moment("created_at", nullable=False, default=NOW),
        sa.CheckConstraint("state IN ('planned', 'started', 'closed', 'cancelled')", name=op.f("ck_visit_state")),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_visit_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        schema="devices",
    )
    op.create_index(op.f("ix_visit_site_id"), "visit", ["site_id"], schema="devices")
    op.create_index("ix_visit_technician_id_planned_on", "visit", ["technician_id", "planned_on"], schema="devices")
    op.create_table(
        "visit_task",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        _text("kind", None),
        sa.Column("point_id", sa.Integer(), nullable=False),
        _text("place"),
        _text("channel", "index"),
        _text("quantity", "energy_index"),
        sa.Column("factor", sa.Numeric(), server_default="1", nullable=False),
        sa.Column("shows_dial", sa.Boolean(), server_default=sa.true(), nullable=False),
        _text("note"),
        sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("kind IN ('install', 'swap', 'meter', 'removal')", name=op.f("ck_visit_task_kind")),
        sa.CheckConstraint(
            "place IN ('', 'switchboard', 'gas_emitter', 'height', 'explosive')", name=op.f("ck_visit_task_place")
        ),
        sa.CheckConstraint("factor > 0", name=op.f("ck_visit_task_factor")),
        sa.ForeignKeyConstraint(["visit_id"], ["devices.visit.id"], name=op.f("fk_visit_task_visit_id")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_visit_task_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_task")),
        schema="devices",
    )
    op.create_index(op.f("ix_visit_task_visit_id"), "visit_task", ["visit_id"], schema="devices")
    op.create_table(
        "site_sheet",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        *(_text(name) for name in ("keys", "alarm", "opening_hours", "contact", "phone")),
        _text("asbestos", "unknown"),
        _text("height_risk"),
        _text("explosion_risk"),
        _text("written_by", None),
        _moment("written_at", nullable=False),
        sa.CheckConstraint("asbestos IN ('unknown', 'seen', 'not_needed')", name=op.f("ck_site_sheet_asbestos")),
        sa.ForeignKeyConstraint(["site_id"], ["contracts.site.id"], name=op.f("fk_site_sheet_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_sheet")),
        sa.UniqueConstraint("site_id", name=op.f("uq_site_sheet_site_id")),
        schema="devices",
    )
    op.create_table(
        "authorisation",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _text("holder", None),
        _text("kind", None),
        _text("level"),
        _text("reference"),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        _text("recorded_by", None),
        _moment("created_at", nullable=False, default=NOW),
        sa.CheckConstraint("kind IN ('electrical', 'gas', 'height', 'explosive')", name=op.f("ck_authorisation_kind")),
        sa.CheckConstraint("NOT isempty(period)", name=op.f("ck_authorisation_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
        schema="devices",
    )
    op.create_index(op.f("ix_authorisation_account_id"), "authorisation", ["account_id"], schema="devices")


def _phones() -> None:
    op.create_table(
        "field_download",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _text("by", None),
        _text("token_sha256", None),
        _text("phone", None),
        _moment("made_at", nullable=False),
        _moment("renewed_at", nullable=False),
        _moment("expires_at", nullable=False),
        _moment("revoked_at"),
        _text("revoked_by"),
        _moment("told_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_download")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_field_download_token_sha256")),
        schema="devices",
    )
    op.create_index(op.f("ix_field_download_account_id"), "field_download", ["account_id"], schema="devices")
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        _text("key", None),
        _text("digest", None),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _text("by", None),
        sa.Column("visit_id", sa.Integer()),
        sa.Column("task_id", sa.Integer()),
        _text("kind", None),
        _moment("done_at", nullable=False),
        _moment("received_at", nullable=False),
        _moment("based_on", nullable=False),
        _text("app_version", None),
        sa.Column("latitude", sa.Numeric()),
        sa.Column("longitude", sa.Numeric()),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        _text("state", None),
        _text("sentence"),
        sa.Column("filled", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("outcome", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("device_id", sa.Integer()),
        sa.Column("point_id", sa.Integer()),
        sa.Column("rival_id", sa.Integer()),
        _text("settled_by"),
        sa.CheckConstraint(
            "kind IN ('load', 'unload', 'start', 'install', 'swap', 'meter', 'removal', 'undo', 'close')",
            name=op.f("ck_submission_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'refused', 'conflict', 'set_aside')", name=op.f("ck_submission_state")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["devices.visit.id"], name=op.f("fk_submission_visit_id")),
        sa.ForeignKeyConstraint(["task_id"], ["devices.visit_task.id"], name=op.f("fk_submission_task_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.device.id"], name=op.f("fk_submission_device_id")),
        sa.ForeignKeyConstraint(["point_id"], ["devices.metering_point.id"], name=op.f("fk_submission_point_id")),
        sa.ForeignKeyConstraint(["rival_id"], ["devices.submission.id"], name=op.f("fk_submission_rival_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("key", name=op.f("uq_submission_key")),
        schema="devices",
    )
    for column in ("account_id", "visit_id", "device_id", "point_id"):
        op.create_index(op.f(f"ix_submission_{column}"), "submission", [column], schema="devices")
    op.create_index(
        "ix_submission_open", "submission", ["id"], schema="devices", postgresql_where=sa.text("state = 'conflict'")
    )
    op.create_table(
        "field_photo",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        _text("submission_key", None),
        sa.Column("account_id", sa.Integer(), nullable=False),
        _text("kind", None),
        _text("sent_sha256", None),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _moment("taken_at", nullable=False),
        sa.Column("latitude", sa.Numeric()),
        sa.Column("longitude", sa.Numeric()),
        _moment("created_at", nullable=False, default=NOW),
        sa.CheckConstraint("kind IN ('before', 'dial', 'after', 'other')", name=op.f("ck_field_photo_kind")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_field_photo_attachment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_photo")),
        sa.UniqueConstraint("submission_key", "sent_sha256", name=op.f("uq_field_photo_submission_key_sent_sha256")),
        schema="devices",
    )


def _proofs() -> None:
    op.create_table(
        "commissioning_test",
        sa.Column("id", sa.Integer(), ID, nullable=False),
        sa.Column("installation_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("dial_index", sa.Numeric()),
        sa.Column("shows_dial", sa.Boolean(), nullable=False),
        _moment("began_at", nullable=False),
        _text("state", "pending"),
        sa.Column("checks", postgresql.JSONB(), server_default="[]", nullable=False),
        _moment("looked_at"),
        _moment("decided_at"),
        sa.CheckConstraint(
            "state IN ('pending', 'passed', 'reserve', 'failed')", name=op.f("ck_commissioning_test_state")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["devices.installation.id"], name=op.f("fk_commissioning_test_installation_id")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["devices.submission.id"], name=op.f("fk_commissioning_test_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commissioning_test")),
        sa.UniqueConstraint("installation_id", name=op.f("uq_commissioning_test_installation_id")),
        schema="devices",
    )
    op.create_index(
        "ix_commissioning_test_open",
        "commissioning_test",
        ["id"],
        schema="devices",
        postgresql_where=sa.text("state IN ('pending', 'failed')"),
    )
    op.create_table(
        "visit_document",
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        _moment("made_at", nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["devices.visit.id"], name=op.f("fk_visit_document_visit_id")),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["foundation.attachment.id"], name=op.f("fk_visit_document_attachment_id")
        ),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_visit_document")),
        schema="devices",
    )


def _open() -> None:
    """Say who may reach what: a technician their own visits, a municipality the visits of what it holds."""
    for table in TABLES:
        close(f"devices.{table}")
        open_to(f"devices.{table}", "operator", "SI" if table == "field_photo" else "SIU")
        open_to(f"devices.{table}", "worker", {"commissioning_test": "SU", "visit_document": "SI"}.get(table, "S"))
    # The worker locks a visit while it prints its report.
    op.execute(
        "GRANT UPDATE (state) ON devices.visit TO fleet_worker;"
        " CREATE POLICY worker_locks ON devices.visit FOR UPDATE TO fleet_worker USING (true)"
    )
    own = f"technician_id = {I}"
    _own("visit", own, update="state, started_at, closed_at, keeper, keeper_email, signature, remarks")
    _own("visit_task", MY_VISIT.format(visit="visit_task.visit_id"), update="done")
    open_to("devices.site_sheet", "technician", "S", MY_SITE.format(site="site_sheet.site_id"))
    open_to("devices.authorisation", "technician", "S", f"account_id = {I}")
    # What was said and what was taken back is not changed by who said it or carries it.
    _own("field_download", f"account_id = {I}", update="phone, renewed_at, expires_at", add=True)
    outcome = "state, sentence, filled, outcome, device_id, point_id, rival_id"
    _own("submission", f"account_id = {I}", update=outcome, add=True)
    open_to("devices.field_photo", "technician", "SI", f"account_id = {I}")
    open_to(
        "devices.commissioning_test",
        "technician",
        "SI",
        "EXISTS (SELECT FROM devices.submission s WHERE s.id = submission_id)",
    )
    open_to("devices.visit_document", "technician", "S", MY_VISIT.format(visit="visit_document.visit_id"))
    open_to("devices.visit", "shareholder", "S", f"state = 'closed' AND {HELD}")
    open_to(
        "devices.visit_document",
        "shareholder",
        "S",
        "EXISTS (SELECT FROM devices.visit v WHERE v.id = visit_document.visit_id)",
    )
    # What was applied during a visit of theirs, its photos and tests.
    open_to("devices.visit_task", "shareholder", "S", VISIT.format(visit="visit_task.visit_id"))
    open_to(
        "devices.submission", "shareholder", "S", f"state = 'applied' AND {VISIT.format(visit='submission.visit_id')}"
    )
    open_to(
        "devices.field_photo",
        "shareholder",
        "S",
        "EXISTS (SELECT FROM devices.submission s WHERE s.key = field_photo.submission_key)",
    )
    open_to(
        "devices.commissioning_test",
        "shareholder",
        "S",
        "EXISTS (SELECT FROM devices.submission s WHERE s.id = commissioning_test.submission_id)",
    )
    op.execute(
        "CREATE POLICY field_photos_of_mine ON foundation.attachment FOR SELECT TO fleet_shareholder USING"
        " (EXISTS (SELECT FROM devices.field_photo p WHERE p.attachment_id = attachment.id))"
    )
    op.execute(
        "CREATE POLICY field_photos ON foundation.attachment FOR SELECT TO fleet_technician USING"
        " (EXISTS (SELECT FROM devices.field_photo p WHERE p.attachment_id = attachment.id)"
        " OR EXISTS (SELECT FROM devices.visit_document d WHERE d.attachment_id = attachment.id))"
    )
    for table in ("visit", "visit_task", "site_sheet", "authorisation", "field_download", "submission"):
        watch(f"devices.{table}")


def _own(table: str, rows: str, *, update: str, add: bool = False) -> None:
    """Let a technician read their rows of `table`, change only the columns `update` of them, and `add` some."""
    if add:
        op.execute(
            f"GRANT INSERT ON devices.{table} TO fleet_technician;"
            f" CREATE POLICY technician_adds ON devices.{table} FOR INSERT TO fleet_technician WITH CHECK ({rows})"
        )
    op.execute(
        f"GRANT SELECT, UPDATE ({update}) ON devices.{table} TO fleet_technician;"
        f" CREATE POLICY technician ON devices.{table} FOR SELECT TO fleet_technician USING ({rows});"
        f" CREATE POLICY technician_changes ON devices.{table} FOR UPDATE TO fleet_technician"
        f" USING ({rows}) WITH CHECK ({rows})"
    )


def downgrade() -> None:
    """There is no way back: what was done on sites would be lost; restore the backup instead."""
    raise RuntimeError("this would forget what technicians did; restore the backup instead")
