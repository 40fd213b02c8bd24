"""Ways in: one-time links, second factors, tokens, identities elsewhere; a journal of access; how long journals last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, Role, close, open_to

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OWN = "account_id = foundation.current_account()"
OWN_OR_GUEST = (
    f"({OWN} OR EXISTS (SELECT FROM fleet.account g WHERE g.id = account_id AND g.role = 'guest'"
    f" AND g.shareholder_id = {ME}))"
)
PEOPLE: tuple[Role, ...] = ("operator", "shareholder", "technician")
NOW = sa.text("now()")
EMPTY = sa.text("''")

FUNCTIONS = """
CREATE FUNCTION fleet.account_by_id(number int) RETURNS SETOF fleet.account
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC SELECT * FROM fleet.account WHERE id = number; END;
CREATE FUNCTION fleet.account_by_identity(asked_issuer text, asked_subject text) RETURNS SETOF fleet.account
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
        SELECT a.* FROM fleet.account a JOIN fleet.external_identity e ON e.account_id = a.id
        WHERE e.issuer = asked_issuer AND e.subject = asked_subject;
    END;
REVOKE ALL ON FUNCTION fleet.account_by_id, fleet.account_by_identity FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fleet.account_by_id, fleet.account_by_identity TO fleet_public;

CREATE FUNCTION fleet.second_factor_holders() RETURNS SETOF int
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC SELECT account_id FROM fleet.second_factor WHERE confirmed_at IS NOT NULL; END;
COMMENT ON FUNCTION fleet.second_factor_holders IS 'Who has one; nobody but its owner reads the secret';
CREATE FUNCTION fleet.remove_second_factor(number int) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
        DELETE FROM fleet.recovery_code WHERE account_id = number;
        DELETE FROM fleet.second_factor WHERE account_id = number;
    END;
REVOKE ALL ON FUNCTION fleet.second_factor_holders, fleet.remove_second_factor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fleet.second_factor_holders, fleet.remove_second_factor TO fleet_operator;

-- A journal is added to and never edited; a line goes once it is as old as the law lets it be, and no day sooner.
CREATE FUNCTION foundation.keep_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at < now() - TG_ARGV[0]::interval THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'DELETE on %.% is refused: a line is kept for %', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER append_only ON foundation.change;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON foundation.change
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('history is only ever added to');
-- Code de commerce, art. L123-22: books and what explains them are kept ten years.
CREATE TRIGGER kept BEFORE DELETE ON foundation.change
    FOR EACH ROW EXECUTE FUNCTION foundation.keep_journal('10 years');
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON fleet.access_event
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('the journal of access is only ever added to');
-- CNIL, délibération 2021-122: journals of access are kept six to twelve months.
CREATE TRIGGER kept BEFORE DELETE ON fleet.access_event
    FOR EACH ROW EXECUTE FUNCTION foundation.keep_journal('12 months');
"""


def upgrade() -> None:
    _account()
    _sessions()
    _one_time_secret()
    _second_factor()
    _api_token()
    _external_identity()
    _access_event()
    op.add_column(
        "mail", sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False), schema="foundation"
    )
    for role in ("public", "shareholder", "technician"):
        # Whoever asks for a link has it written to; nobody but the worker and the SPL reads letters.
        op.execute(f"GRANT INSERT ON foundation.mail TO fleet_{role}")
        op.execute(f"CREATE POLICY {role} ON foundation.mail FOR INSERT TO fleet_{role} WITH CHECK (private)")
    op.execute(FUNCTIONS)
    op.execute("GRANT DELETE ON foundation.change TO fleet_worker")
    op.execute(
        "CREATE POLICY worker_forgets ON foundation.change FOR DELETE TO fleet_worker"
        " USING (at < now() - interval '10 years')"
    )


def _account() -> None:
    op.alter_column("account", "password_hash", nullable=True, schema="fleet")
    op.drop_constraint("ck_account_role", "account", schema="fleet")
    op.drop_constraint("ck_account_shareholder", "account", schema="fleet")
    op.create_check_constraint(
        op.f("ck_account_role"), "account", "role IN ('operator', 'shareholder', 'technician', 'guest')", schema="fleet"
    )
    op.create_check_constraint(
        op.f("ck_account_shareholder"),
        "account",
        "(role IN ('shareholder', 'guest')) = (shareholder_id IS NOT NULL)",
        schema="fleet",
    )
    # Whoever is signed in looks after its own name, address and password; a municipality looks after its guests.
    op.execute("REVOKE SELECT ON fleet.account FROM fleet_shareholder")
    op.execute(
        "GRANT SELECT (id, email, name, role, shareholder_id, language, active, created_at) ON fleet.account"
        " TO fleet_shareholder, fleet_technician"
    )
    op.execute("GRANT UPDATE (email, name, language, password_hash) ON fleet.account TO fleet_technician")
    op.execute(
        "GRANT INSERT, UPDATE (email, name, language, password_hash, active) ON fleet.account TO fleet_shareholder"
    )
    for role in ("shareholder", "technician"):
        op.execute(
            f"CREATE POLICY {role}_own ON fleet.account FOR UPDATE TO fleet_{role}"
            " USING (id = foundation.current_account()) WITH CHECK (id = foundation.current_account())"
        )
    op.execute(
        "CREATE POLICY technician_reads_own ON fleet.account FOR SELECT TO fleet_technician"
        " USING (id = foundation.current_account())"
    )
    guests = f"role = 'guest' AND shareholder_id = {ME}"
    op.execute(
        f"CREATE POLICY shareholder_guests ON fleet.account FOR ALL TO fleet_shareholder USING ({guests})"
        f" WITH CHECK ({guests})"
    )


def _sessions() -> None:
    for column in (
        sa.Column("remote_address", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("browser", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("method", sa.Text(), server_default=sa.text("'password'"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("id_token", sa.Text(), nullable=True),
    ):
        op.add_column("web_session", column, schema="fleet")
    for column in (
        sa.Column("kind", sa.Text(), server_default=sa.text("'password'"), nullable=False),
        sa.Column("browser", sa.Text(), server_default=EMPTY, nullable=False),
    ):
        op.add_column("sign_in_attempt", column, schema="fleet")
    op.create_index("ix_sign_in_attempt_remote_address_at", "sign_in_attempt", ["remote_address", "at"], schema="fleet")
    open_to("fleet.web_session", "shareholder", "SD", OWN_OR_GUEST)
    open_to("fleet.web_session", "technician", "SD", OWN)
    op.execute("GRANT UPDATE (last_seen_at) ON fleet.web_session TO fleet_public")
    # A second factor is tried as the account whose password was right.
    for role in PEOPLE:
        op.execute(f"GRANT SELECT, INSERT ON fleet.sign_in_attempt TO fleet_{role}")
        op.execute(f"CREATE POLICY {role}_tries ON fleet.sign_in_attempt FOR INSERT TO fleet_{role} WITH CHECK (true)")
    for role in ("shareholder", "technician"):
        op.execute(f"CREATE POLICY {role} ON fleet.sign_in_attempt FOR SELECT TO fleet_{role} USING (true)")


def _one_time_secret() -> None:
    op.create_table(
        "one_time_secret",
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('invitation', 'reset', 'new_email', 'second_factor')", name=op.f("ck_one_time_secret_purpose")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_one_time_secret_account_id")),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_one_time_secret")),
        schema="fleet",
    )
    op.create_index(op.f("ix_one_time_secret_account_id"), "one_time_secret", ["account_id"], schema="fleet")
    close("fleet.one_time_secret")
    # Only hashes of secrets, as in web_session: whoever is not signed in yet must be able to use them up.
    open_to("fleet.one_time_secret", "public", "SID")
    open_to("fleet.one_time_secret", "operator", "SID")
    open_to("fleet.one_time_secret", "shareholder", "SID", OWN_OR_GUEST)
    open_to("fleet.one_time_secret", "technician", "SID", OWN)
    open_to("fleet.one_time_secret", "worker", "SD")


def _second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_second_factor_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
        schema="fleet",
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_recovery_code_account_id")),
        sa.PrimaryKeyConstraint("account_id", "code_sha256", name=op.f("pk_recovery_code")),
        schema="fleet",
    )
    close("fleet.second_factor")
    close("fleet.recovery_code")
    for role in PEOPLE:
        open_to("fleet.second_factor", role, "SIUD", OWN)
        open_to("fleet.recovery_code", role, "SID", OWN)


def _api_token() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_api_token_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_token_secret_sha256")),
        schema="fleet",
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], schema="fleet")
    close("fleet.api_token")
    open_to("fleet.api_token", "operator", "SIU")
    open_to("fleet.api_token", "shareholder", "SIU", OWN_OR_GUEST)
    open_to("fleet.api_token", "technician", "SIU", OWN)
    # Who calls is found by the hash of what it shows, before anybody is anybody.
    op.execute("GRANT SELECT, UPDATE (last_used_at) ON fleet.api_token TO fleet_public")
    op.execute("CREATE POLICY public ON fleet.api_token FOR ALL TO fleet_public USING (true) WITH CHECK (true)")


def _external_identity() -> None:
    op.create_table(
        "external_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["fleet.account.id"], name=op.f("fk_external_identity_account_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "account_id", name=op.f("uq_external_identity_issuer_account_id")),
        schema="fleet",
    )
    op.create_index(op.f("ix_external_identity_account_id"), "external_identity", ["account_id"], schema="fleet")
    close("fleet.external_identity")
    open_to("fleet.external_identity", "operator", "SID")
    open_to("fleet.external_identity", "shareholder", "SID", OWN_OR_GUEST)
    open_to("fleet.external_identity", "technician", "SID", OWN)


def _access_event() -> None:
    op.create_table(
        "access_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("by_account_id", sa.Integer(), nullable=True),
        sa.Column("remote_address", sa.Text(), server_default=EMPTY, nullable=False),
        sa.Column("detail", sa.Text(), server_default=EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
        schema="fleet",
    )
    op.create_index(op.f("ix_access_event_at"), "access_event", ["at"], schema="fleet")
    op.create_index(op.f("ix_access_event_account_id"), "access_event", ["account_id"], schema="fleet")
    close("fleet.access_event")
    for role in ("public", "shareholder", "technician"):
        open_to("fleet.access_event", role, "I")
    open_to("fleet.access_event", "operator", "SI")
    open_to("fleet.access_event", "worker", "SID")


def downgrade() -> None:
    """Accounts without a password and guests have no place in the older schema: restore the backup."""
    raise RuntimeError("accounts are not taken back; restore the backup instead")
