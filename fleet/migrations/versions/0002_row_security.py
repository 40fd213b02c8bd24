"""Row-level security, grants and guards: who may see and write which rows.

Every table belongs to fleet_owner, has row-level security enabled and forced, and a
policy for the owner so that migrations see all rows. The web's roles get what is
listed here and nothing else; partitions are granted to nobody.

Revision 0002, after 0001.
"""

from __future__ import annotations

from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMAS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
ROLES = ("operator", "shareholder", "technician", "public", "worker", "ingest")

ALL = "true"
ME = "foundation.current_shareholder()"
HOLDS_BUILDING = (
    f"EXISTS (SELECT FROM contracts.holding h WHERE h.building_id = {{building}} AND h.shareholder_id = {ME})"
)
BOUNDARY = (
    "EXISTS (SELECT FROM devices.boundary_building bb JOIN contracts.holding h USING (building_id)"
    f" WHERE bb.boundary_id = {{boundary}} AND h.shareholder_id = {ME} AND h.period && {{period}})"
)
AGREEMENT = f"EXISTS (SELECT FROM contracts.agreement a WHERE a.id = {{agreement}} AND a.shareholder_id = {ME})"


class Access(NamedTuple):
    """What each role may do on a table (S, I, U, D) and which rows a shareholder sees (None: none)."""

    operator: str = ""
    technician: str = ""
    worker: str = ""
    ingest: str = ""
    public: str = ""
    shareholder: str | None = None


TABLES: dict[str, Access] = {
    "foundation.attachment": Access("SI", "", "SI", shareholder=f"shareholder_id = {ME}"),
    "foundation.change": Access("S", "", "S"),
    "foundation.job": Access("SIU", "", "SIU", shareholder=f"shareholder_id = {ME}"),
    "foundation.job_item": Access(
        "SIU",
        "",
        "SIU",
        shareholder=f"EXISTS (SELECT FROM foundation.job j WHERE j.id = job_id AND j.shareholder_id = {ME})",
    ),
    "contracts.shareholder": Access("SIU", "S", "S", shareholder=f"id = {ME}"),
    "contracts.budget": Access("SIU", "", "S", shareholder=f"shareholder_id = {ME}"),
    "contracts.site": Access(
        "SIU",
        "S",
        "S",
        shareholder=(
            "EXISTS (SELECT FROM contracts.building b JOIN contracts.holding h ON h.building_id = b.id"
            f" WHERE b.site_id = site.id AND h.shareholder_id = {ME})"
        ),
    ),
    "contracts.building": Access("SIU", "S", "S", shareholder=HOLDS_BUILDING.format(building="building.id")),
    "contracts.holding": Access("SIU", "S", "S", shareholder=f"shareholder_id = {ME}"),
    "contracts.agreement": Access("SIU", "", "S", shareholder=f"shareholder_id = {ME}"),
    "contracts.annex": Access("SI", "", "S", shareholder=AGREEMENT.format(agreement="agreement_id")),
    "contracts.energy_price": Access("SI", "", "S", shareholder=AGREEMENT.format(agreement="agreement_id")),
    "devices.metering_point": Access(
        "SIU", "S", "S", "S", shareholder=HOLDS_BUILDING.format(building="metering_point.building_id")
    ),
    "devices.measurement_boundary": Access(
        "SIU", "S", "S", shareholder=BOUNDARY.format(boundary="measurement_boundary.id", period="daterange(NULL, NULL)")
    ),
    "devices.boundary_term": Access(
        "SIU",
        "S",
        "S",
        shareholder=BOUNDARY.format(boundary="boundary_term.boundary_id", period="boundary_term.period"),
    ),
    "devices.boundary_building": Access(
        "SI", "S", "S", shareholder=HOLDS_BUILDING.format(building="boundary_building.building_id")
    ),
    "devices.device": Access(
        "SIU",
        "SIU",
        "SU",
        "S",
        shareholder="EXISTS (SELECT FROM devices.installation i WHERE i.device_id = device.id)",
    ),
    "devices.installation": Access(
        "SIU",
        "SIU",
        "S",
        "S",
        shareholder=(
            "EXISTS (SELECT FROM devices.metering_point p JOIN contracts.holding h ON h.building_id = p.building_id"
            f" WHERE p.id = installation.point_id AND h.shareholder_id = {ME} AND h.instants && installation.period)"
        ),
    ),
    "devices.reading": Access(
        "S",
        "S",
        "SI",
        "SI",
        shareholder=(
            "EXISTS (SELECT FROM devices.installation i JOIN devices.metering_point p ON p.id = i.point_id"
            " JOIN contracts.holding h ON h.building_id = p.building_id"
            f" WHERE i.id = reading.installation_id AND h.shareholder_id = {ME} AND reading.ts <@ h.instants)"
        ),
    ),
    "devices.reading_conflict": Access("S", "S", "SI", "SI"),
    "devices.dead_letter": Access("SU", "S", "SU", "SI"),
    "devices.arrival": Access("S", "S", "SID", "SI"),
    "devices.ingest_heartbeat": Access("S", "S", "SD", "SI"),
    "devices.hourly_energy": Access(
        "S",
        "S",
        "SIUD",
        shareholder=(
            "EXISTS (SELECT FROM devices.metering_point p JOIN contracts.holding h ON h.building_id = p.building_id"
            f" WHERE p.id = hourly_energy.point_id AND h.shareholder_id = {ME} AND hourly_energy.hour <@ h.instants)"
        ),
    ),
    "devices.daily_energy": Access(
        "S",
        "S",
        "SIUD",
        shareholder=(
            "EXISTS (SELECT FROM devices.metering_point p JOIN contracts.holding h ON h.building_id = p.building_id"
            f" WHERE p.id = daily_energy.point_id AND h.shareholder_id = {ME} AND daily_energy.day <@ h.period)"
        ),
    ),
    "baseline.measurement_plan": Access(
        "SIU",
        "",
        "SU",
        shareholder=BOUNDARY.format(
            boundary="measurement_plan.boundary_id", period="daterange(lower(measurement_plan.baseline_period), NULL)"
        ),
    ),
    "baseline.savings_report": Access(
        "SI",
        "",
        "SI",
        shareholder=(
            "EXISTS (SELECT FROM baseline.measurement_plan m JOIN devices.boundary_building bb USING (boundary_id)"
            " JOIN contracts.holding h USING (building_id)"
            f" WHERE m.id = savings_report.plan_id AND h.shareholder_id = {ME} AND h.period && savings_report.period)"
        ),
    ),
    "baseline.report_day": Access(
        "SI",
        "",
        "SI",
        shareholder=(
            "EXISTS (SELECT FROM baseline.savings_report r JOIN baseline.measurement_plan m ON m.id = r.plan_id"
            " JOIN devices.boundary_building bb USING (boundary_id) JOIN contracts.holding h USING (building_id)"
            f" WHERE r.id = report_day.report_id AND h.shareholder_id = {ME} AND report_day.day <@ h.period)"
        ),
    ),
    "billing.settlement": Access("SIU", "", "SIU", shareholder=f"shareholder_id = {ME}"),
    "billing.settlement_line": Access(
        "SI",
        "",
        "SI",
        shareholder=f"EXISTS (SELECT FROM billing.settlement s WHERE s.id = settlement_id AND s.shareholder_id = {ME})",
    ),
    "billing.invoice_series": Access("SIU", "", "SU"),
    "billing.invoice": Access("SIU", "", "SU", shareholder=f"shareholder_id = {ME} AND number IS NOT NULL"),
    "fleet.account": Access("SIU", "", "", shareholder="id = foundation.current_account()"),
    # Only hashes of secrets and tries to sign in: whoever is not signed in yet must be able to write them.
    "fleet.web_session": Access("SD", "", "SD", public="SID"),
    "fleet.sign_in_attempt": Access("S", "", "SD", public="SI"),
}

# Shared by everybody: no policy. tests/fleet/test_row_security.py holds the reasons.
SHARED: dict[str, Access] = {
    "foundation.set_clock": Access("SID", "S", "S", "S", "S", "S"),
    "contracts.company": Access("SIU", "S", "S", shareholder="S"),
    "baseline.station": Access("SIU", "S", "S", shareholder="S"),
    "baseline.temperature": Access("SIU", "S", "SIU", shareholder="S"),
    "baseline.weather_import": Access("SI", "S", "SI", shareholder="S"),
}

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}

WATCHED = (
    "contracts.company", "contracts.shareholder", "contracts.budget", "contracts.site", "contracts.building",
    "contracts.holding", "contracts.agreement", "contracts.annex", "contracts.energy_price",
    "devices.metering_point", "devices.measurement_boundary", "devices.boundary_term", "devices.device",
    "devices.installation", "baseline.station", "baseline.measurement_plan", "billing.settlement",
    "billing.invoice", "fleet.account",
)  # fmt: skip

FUNCTIONS = """
CREATE FUNCTION foundation.current_shareholder() RETURNS int LANGUAGE sql STABLE
    RETURN nullif(current_setting('app.shareholder_id'), '')::int;
COMMENT ON FUNCTION foundation.current_shareholder IS
    'Whose rows are visible; an error where no actor was set, NULL (nothing) where the actor has no municipality';
CREATE FUNCTION foundation.current_account() RETURNS int LANGUAGE sql STABLE
    RETURN nullif(current_setting('app.account_id'), '')::int;

CREATE FUNCTION fleet.account_by_email(address text) RETURNS SETOF fleet.account
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC SELECT * FROM fleet.account WHERE email = address; END;
CREATE FUNCTION fleet.account_by_token(digest text) RETURNS SETOF fleet.account
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
        SELECT a.* FROM fleet.account a JOIN fleet.web_session s ON s.account_id = a.id
        WHERE s.token_sha256 = digest AND s.expires_at > now() AND a.active;
    END;
REVOKE ALL ON FUNCTION fleet.account_by_email, fleet.account_by_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fleet.account_by_email, fleet.account_by_token TO fleet_public;

-- Whoever holds the paper knows number and seal: it may be told whether they are genuine, and nothing else.
CREATE FUNCTION billing.invoice_by_seal(asked_number text, asked_sha256 text)
    RETURNS TABLE (number text, issue_date date, net numeric, gross numeric, buyer text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    BEGIN ATOMIC
        SELECT i.number, i.issue_date, i.net, i.gross, i.snapshot #>> '{buyer,name}' FROM billing.invoice i
        WHERE i.number = asked_number AND i.sha256 = asked_sha256;
    END;
REVOKE ALL ON FUNCTION billing.invoice_by_seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing.invoice_by_seal
    TO fleet_public, fleet_operator, fleet_shareholder, fleet_technician;

CREATE FUNCTION contracts.fill_holding_instants() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE zone text;
BEGIN
    SELECT s.timezone INTO STRICT zone FROM contracts.building b JOIN contracts.site s ON s.id = b.site_id
        WHERE b.id = NEW.building_id;
    NEW.instants := tstzrange(
        lower(NEW.period)::timestamp AT TIME ZONE zone, upper(NEW.period)::timestamp AT TIME ZONE zone);
    RETURN NEW;
END $$;
CREATE TRIGGER fill_instants BEFORE INSERT OR UPDATE OF period, building_id ON contracts.holding
    FOR EACH ROW EXECUTE FUNCTION contracts.fill_holding_instants();

CREATE FUNCTION foundation.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: %', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION foundation.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) - 'password_hash' END;
    became jsonb := to_jsonb(NEW) - 'password_hash';
    key text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        FOR key IN SELECT k FROM jsonb_object_keys(became) k WHERE became -> k = was -> k LOOP
            was := was - key;
            became := became - key;
        END LOOP;
        IF became = '{}' THEN RETURN NULL; END IF;
    END IF;
    INSERT INTO foundation.change (at, account_id, role, table_name, row_id, before, after)
    VALUES (now(), nullif(current_setting('app.account_id', true), '')::int,
            coalesce(nullif(current_setting('role', true), 'none'), session_user),
            TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, (to_jsonb(NEW) ->> 'id')::int, was, became);
    RETURN NULL;
END $$;
"""

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON foundation.change
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('history is only ever added to');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON foundation.attachment
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('an original is kept as it arrived');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.savings_report
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a report is never edited, make a newer one');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON baseline.report_day
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a report is never edited, make a newer one');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.settlement_line
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a settlement is never edited');

CREATE FUNCTION baseline.guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'draft' THEN RETURN OLD; END IF;
    ELSIF OLD.state = 'draft' THEN
        RETURN NEW;
    ELSIF (to_jsonb(NEW) - ARRAY['state', 'agreement_id', 'signed_on'])
        = (to_jsonb(OLD) - ARRAY['state', 'agreement_id', 'signed_on'])
        AND (OLD.state, NEW.state) IN (('frozen', 'signed'), ('frozen', 'superseded'), ('signed', 'superseded')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a frozen measurement plan is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON baseline.measurement_plan
    FOR EACH ROW EXECUTE FUNCTION baseline.guard_plan();

CREATE FUNCTION billing.guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.number IS NULL THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    -- Issued: the first rendering may be added once, a credit note may name it, nothing else.
    IF TG_OP = 'UPDATE'
        AND (to_jsonb(NEW) - ARRAY['xml_id', 'pdf_id', 'state']) = (to_jsonb(OLD) - ARRAY['xml_id', 'pdf_id', 'state'])
        AND (OLD.xml_id IS NULL OR NEW.xml_id = OLD.xml_id) AND (OLD.pdf_id IS NULL OR NEW.pdf_id = OLD.pdf_id)
        AND (NEW.state = OLD.state OR (OLD.state, NEW.state) = ('issued', 'credited')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invoice % is issued: it is never edited, a credit note corrects it', OLD.number
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER issued BEFORE UPDATE OR DELETE ON billing.invoice
    FOR EACH ROW EXECUTE FUNCTION billing.guard_invoice();
CREATE TRIGGER kept BEFORE TRUNCATE ON billing.invoice
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('invoices are never deleted');

CREATE FUNCTION billing.guard_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.prefix = OLD.prefix AND NEW.last_number = OLD.last_number + 1
        AND (OLD.last_issue_date IS NULL OR NEW.last_issue_date >= OLD.last_issue_date) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'numbers of series % go up by one and never back in time', OLD.prefix
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER continuous BEFORE UPDATE ON billing.invoice_series
    FOR EACH ROW EXECUTE FUNCTION billing.guard_series();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON billing.invoice_series
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a series of numbers is never deleted');

CREATE FUNCTION billing.guard_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['state', 'accepted_on', 'accepted_by', 'dispute'])
        = (to_jsonb(OLD) - ARRAY['state', 'accepted_on', 'accepted_by', 'dispute'])
        AND OLD.state <> 'invoiced' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the figures of a settlement never change' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER figures BEFORE UPDATE ON billing.settlement
    FOR EACH ROW EXECUTE FUNCTION billing.guard_settlement();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON billing.settlement
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a settlement is never deleted');
"""

SHAREHOLDER_WRITES = f"""
GRANT UPDATE (state, accepted_on, accepted_by, dispute) ON billing.settlement TO fleet_shareholder;
CREATE POLICY shareholder_accepts ON billing.settlement FOR UPDATE TO fleet_shareholder
    USING (shareholder_id = {ME} AND state IN ('proposed', 'reviewed'))
    WITH CHECK (shareholder_id = {ME} AND state IN ('accepted', 'disputed'));
"""


def grant(table: str, role: str, verbs: str) -> None:
    """Grant what the letters of `verbs` stand for."""
    if verbs:
        op.execute(f"GRANT {', '.join(VERBS[v] for v in verbs)} ON {table} TO fleet_{role}")


def open_to(table: str, role: str, verbs: str, rows: str = ALL) -> None:
    """Grant `verbs` and let `role` reach the rows that meet `rows`."""
    grant(table, role, verbs)
    if verbs:
        check = f" WITH CHECK ({rows})" if set(verbs) & set("IU") else ""
        scope = "ALL" if set(verbs) & set("IUD") else "SELECT"
        op.execute(f"CREATE POLICY {role} ON {table} FOR {scope} TO fleet_{role} USING ({rows}){check}")


def upgrade() -> None:
    """Close everything, then open what is listed."""
    for schema in SCHEMAS:
        op.execute(f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(f'fleet_{role}' for role in ROLES)}")
    op.execute(FUNCTIONS)
    for table, access in TABLES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner ON {table} FOR ALL TO fleet_owner USING (true) WITH CHECK (true)")
        for role in ("operator", "technician", "worker", "ingest", "public"):
            open_to(table, role, getattr(access, role))
        if access.shareholder is not None:
            open_to(table, "shareholder", "S", access.shareholder)
    for table, access in SHARED.items():
        for role in ROLES:
            grant(table, role, getattr(access, role) or "")
    op.execute(SHAREHOLDER_WRITES)
    op.execute(GUARDS)
    for table in WATCHED:
        op.execute(
            f"CREATE TRIGGER record_change AFTER INSERT OR UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION foundation.record_change()"
        )


def downgrade() -> None:
    """There is no way back from closed to open: restore the backup taken before the upgrade."""
    raise RuntimeError("row-level security is not taken away again; restore the backup instead")
