"""Amendments, suspensions, measures, capital, commitments, departures: what agreements and their parties become.

Revision 0013, after 0012.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from fleet.migrations.access import ME, close, open_to, watch

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

EUROS = sa.Numeric(14, 2)
NOTHING = sa.text("''")
MINE = f"shareholder_id = {ME}"
MY_AGREEMENT = f"EXISTS (SELECT FROM contracts.agreement a WHERE a.id = agreement_id AND a.shareholder_id = {ME})"
MY_BUDGET = f"EXISTS (SELECT FROM contracts.budget b WHERE b.id = budget_id AND b.shareholder_id = {ME})"
MY_DEPARTURE = f"EXISTS (SELECT FROM contracts.departure d WHERE d.id = departure_id AND d.shareholder_id = {ME})"
MY_MEASURE = f"EXISTS (SELECT FROM contracts.measure m WHERE m.id = measure_id AND m.shareholder_id = {ME})"


def upgrade() -> None:
    """Add the tables, and the columns of agreements, annexes, prices, budgets and holdings."""
    _parties()
    _agreements()
    _amended()
    _measures()
    _guards()


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False)


def _created() -> sa.Column[Any]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def _table(name: str, *parts: sa.schema.SchemaItem, keys: dict[str, str], rows: str, operator: str = "SIU") -> None:
    """Create contracts.`name` with foreign `keys` (column to "schema.table.id"), closed but for whoever `rows` names."""
    op.create_table(
        name,
        _id(),
        *parts,
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in keys.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        schema="contracts",
    )
    table = f"contracts.{name}"
    close(table)
    open_to(table, "operator", operator)
    open_to(table, "worker", "S")
    open_to(table, "shareholder", "S", rows)
    watch(table)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="contracts")


def _parties() -> None:
    op.drop_constraint(op.f("ck_shareholder_kind"), "shareholder", schema="contracts")
    op.create_check_constraint(
        op.f("ck_shareholder_kind"),
        "shareholder",
        "kind IN ('commune', 'intercommunality', 'syndicate', 'department', 'region', 'other_public')",
        schema="contracts",
    )
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("kind", sa.Text(), server_default=sa.text("'main'"), nullable=False),
        sa.Column("legal_personality", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("nomenclature", sa.Text(), server_default=sa.text("'M57'"), nullable=False),
        sa.Column("suggested_function", sa.Text(), server_default=NOTHING, nullable=False),
        sa.Column("suggested_account", sa.Text(), server_default=NOTHING, nullable=False),
        sa.Column("vat_recovery", sa.Numeric(5, 4), server_default=sa.text("0"), nullable=False),
        sa.Column("service_code_required", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("commitment_required", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for column in columns:
        op.add_column("budget", column, schema="contracts")
    for name, condition in (
        ("kind", "kind IN ('main', 'annex', 'ccas', 'regie')"),
        ("vat_recovery", "vat_recovery BETWEEN 0 AND 1"),
    ):
        op.create_check_constraint(op.f(f"ck_budget_{name}"), "budget", condition, schema="contracts")
    _table(
        "capital_share",
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("amount", EUROS, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("shareholder_id"), "="), (sa.column("period"), "&&"), using="gist", name="ex_capital_share_once"
        ),
        _check("capital_share", "amount", "amount > 0 AND NOT isempty(period)"),
        keys={"shareholder_id": "contracts.shareholder.id"},
        rows=MINE,
    )
    _table(
        "commitment",
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount", EUROS, nullable=False),
        sa.Column("expires_on", sa.Date()),
        _created(),
        sa.UniqueConstraint("budget_id", "number", name=op.f("uq_commitment_budget_id_number")),
        _check("commitment", "amount", "amount > 0"),
        keys={"budget_id": "contracts.budget.id"},
        rows=MY_BUDGET,
    )
    _table(
        "departure",
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _created(),
        sa.UniqueConstraint("shareholder_id", name=op.f("uq_departure_shareholder_id")),
        _check("departure", "reason", "reason <> ''"),
        keys={"shareholder_id": "contracts.shareholder.id"},
        rows=MINE,
    )
    _table(
        "departure_task",
        sa.Column("departure_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.UniqueConstraint("departure_id", "code", name=op.f("uq_departure_task_departure_id_code")),
        _check("departure_task", "code", "code IN ('settlement', 'sensors', 'keys', 'data', 'capital')"),
        keys={"departure_id": "contracts.departure.id"},
        rows=MY_DEPARTURE,
    )
    op.add_column(
        "holding",
        sa.Column("origin", sa.Text(), server_default=sa.text("'declared'"), nullable=False),
        schema="contracts",
    )
    op.add_column("holding", sa.Column("act", sa.Text(), server_default=NOTHING, nullable=False), schema="contracts")
    op.create_check_constraint(
        op.f("ck_holding_origin"),
        "holding",
        "origin IN ('declared', 'sale', 'merger', 'transfer')",
        schema="contracts",
    )


def _agreements() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("transmitted_on", sa.Date()),
        sa.Column("delegation", sa.Text()),
        sa.Column("document_id", sa.Integer()),
        sa.Column("ended_on", sa.Date()),
        sa.Column("ended_because", sa.Text()),
    )
    for column in columns:
        op.add_column("agreement", column, schema="contracts")
    op.create_foreign_key(
        op.f("fk_agreement_document_id"),
        "agreement",
        "attachment",
        ["document_id"],
        ["id"],
        source_schema="contracts",
        referent_schema="foundation",
    )
    _table(
        "amendment",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("terms", postgresql.JSONB()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("withdrawn", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("deliberation_number", sa.Text()),
        sa.Column("deliberation_date", sa.Date()),
        sa.Column("transmitted_on", sa.Date()),
        sa.Column("signatory", sa.Text()),
        sa.Column("delegation", sa.Text()),
        sa.Column("signed_on", sa.Date()),
        sa.Column("document_id", sa.Integer()),
        _created(),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_amendment_agreement_id_number")),
        _check("amendment", "state", "state IN ('draft', 'signed')"),
        _check(
            "amendment",
            "signature",
            "state = 'draft' OR num_nulls(deliberation_number, deliberation_date, transmitted_on, signatory,"
            " delegation, signed_on, document_id) = 0",
        ),
        keys={"agreement_id": "contracts.agreement.id", "document_id": "foundation.attachment.id"},
        rows=MY_AGREEMENT,
    )
    _table(
        "suspension",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("building_id", sa.Integer()),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("extends_term", sa.Boolean(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        _created(),
        _check(
            "suspension",
            "period",
            "NOT isempty(period) AND lower(period) IS NOT NULL AND upper(period) IS NOT NULL",
        ),
        _check("suspension", "reason", "reason <> ''"),
        keys={"agreement_id": "contracts.agreement.id", "building_id": "contracts.building.id"},
        rows=MY_AGREEMENT,
    )
    _index("suspension", "agreement_id")
    _table(
        "coverage",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("boundary_id", sa.Integer(), nullable=False),
        sa.Column("boundary", sa.Text(), nullable=False),
        sa.Column("measures", postgresql.INT4RANGE(), nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("boundary_id"), "="),
            (sa.column("measures"), "&&"),
            (sa.column("period"), "&&"),
            using="gist",
            name="ex_coverage_one_agreement",
        ),
        _check("coverage", "measures", "NOT isempty(measures)"),
        keys={"agreement_id": "contracts.agreement.id"},
        rows=MY_AGREEMENT,
    )
    _index("coverage", "agreement_id")
    # What signed plans shared before this table was there: one signed plan a boundary, so that none overlap.
    op.execute("""
        INSERT INTO contracts.coverage (agreement_id, boundary_id, boundary, measures, period)
        SELECT a.id, b.id, b.name, int4range(NULL, NULL),
               daterange(greatest(m.reporting_starts_on, lower(a.term)), upper(a.term))
        FROM baseline.measurement_plan m
        JOIN contracts.agreement a ON a.id = m.agreement_id
        JOIN devices.measurement_boundary b ON b.id = m.boundary_id
        WHERE m.state = 'signed' AND m.reporting_starts_on < upper(a.term)
    """)


def _amended() -> None:
    for table in ("annex", "energy_price"):
        op.add_column(table, sa.Column("amendment_id", sa.Integer()), schema="contracts")
        op.create_foreign_key(
            op.f(f"fk_{table}_amendment_id"),
            table,
            "amendment",
            ["amendment_id"],
            ["id"],
            source_schema="contracts",
            referent_schema="contracts",
        )
    op.execute("ALTER TABLE contracts.energy_price DROP CONSTRAINT ex_energy_price_one_price")
    op.execute(
        "ALTER TABLE contracts.energy_price ADD CONSTRAINT ex_energy_price_one_price EXCLUDE USING gist"
        " (agreement_id WITH =, (coalesce(amendment_id, 0)) WITH =, energy WITH =, period WITH &&)"
    )


def _measures() -> None:
    _table(
        "measure",
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("paid_by", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("cost", EUROS),
        sa.Column("shared_with", sa.Text(), nullable=False),
        _created(),
        _check("measure", "paid_by", "paid_by IN ('spl', 'shareholder', 'operator', 'other')"),
        _check("measure", "cost", "cost >= 0"),
        keys={"building_id": "contracts.building.id", "shareholder_id": "contracts.shareholder.id"},
        rows=MINE,
    )
    _index("measure", "building_id")
    _index("measure", "shareholder_id")
    _table(
        "measure_grant",
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("amount", EUROS, nullable=False),
        sa.Column("kwh_cumac", sa.Numeric(14, 0)),
        _check("measure_grant", "kind", "kind IN ('grant', 'cee')"),
        _check("measure_grant", "amount", "amount >= 0"),
        _check("measure_grant", "cee", "(kind = 'cee') = (kwh_cumac IS NOT NULL)"),
        keys={"measure_id": "contracts.measure.id"},
        rows=MY_MEASURE,
        operator="SI",
    )
    _index("measure_grant", "measure_id")
    _table(
        "shared_measure",
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("measure_id", sa.Integer(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.UniqueConstraint("measure_id", name=op.f("uq_shared_measure_measure_id")),
        keys={"agreement_id": "contracts.agreement.id", "measure_id": "contracts.measure.id"},
        rows=MY_AGREEMENT,
        operator="SI",
    )
    _index("shared_measure", "agreement_id")


def _guards() -> None:
    """Keep what is signed as it is: an amendment says what changes from its day on."""
    op.execute("""
        CREATE FUNCTION contracts.guard_signed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state = 'draft' AND TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
            IF OLD.state = 'draft' THEN RETURN OLD; END IF;
            IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'agreement' AND NEW.state <> 'draft'
                AND (to_jsonb(NEW) - ARRAY['state', 'ended_on', 'ended_because'])
                  = (to_jsonb(OLD) - ARRAY['state', 'ended_on', 'ended_because']) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'what is signed is never edited, an amendment changes it from its day on'
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON contracts.agreement
            FOR EACH ROW EXECUTE FUNCTION contracts.guard_signed();
        CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON contracts.amendment
            FOR EACH ROW EXECUTE FUNCTION contracts.guard_signed();
    """)


def downgrade() -> None:
    """Go back to agreements without amendments; refused by the constraints where some were signed."""
    op.execute(
        "DROP TRIGGER signed ON contracts.agreement; DROP TRIGGER signed ON contracts.amendment;"
        " DROP FUNCTION contracts.guard_signed()"
    )
    for table in ("shared_measure", "measure_grant", "measure"):
        op.drop_table(table, schema="contracts")
    op.execute("ALTER TABLE contracts.energy_price DROP CONSTRAINT ex_energy_price_one_price")
    op.execute(
        "ALTER TABLE contracts.energy_price ADD CONSTRAINT ex_energy_price_one_price EXCLUDE USING gist"
        " (agreement_id WITH =, energy WITH =, period WITH &&)"
    )
    for table in ("annex", "energy_price"):
        op.drop_column(table, "amendment_id", schema="contracts")
    for table in ("coverage", "suspension", "amendment"):
        op.drop_table(table, schema="contracts")
    for column in ("transmitted_on", "delegation", "document_id", "ended_on", "ended_because"):
        op.drop_column("agreement", column, schema="contracts")
    for column in ("origin", "act"):
        op.drop_column("holding", column, schema="contracts")
    for table in ("departure_task", "departure", "commitment", "capital_share"):
        op.drop_table(table, schema="contracts")
    for column in (
        "kind",
        "legal_personality",
        "nomenclature",
        "suggested_function",
        "suggested_account",
        "vat_recovery",
        "service_code_required",
        "commitment_required",
    ):
        op.drop_column("budget", column, schema="contracts")
    op.drop_constraint(op.f("ck_shareholder_kind"), "shareholder", schema="contracts")
    op.create_check_constraint(
        op.f("ck_shareholder_kind"),
        "shareholder",
        "kind IN ('commune', 'intercommunality', 'syndicate')",
        schema="contracts",
    )
