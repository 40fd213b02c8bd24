"""Deposits in Chorus Pro and their life; the directory of public structures; the ECB's rates and interest received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import ME, close, open_to, watch

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GUARDS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.deposit_event
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what a portal said is never changed');
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON billing.deposit
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what was deposited is never forgotten');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.late_charge
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what lateness cost is never changed');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.reference_rate
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a published rate is never changed');
"""
# Main refinancing operations, fixed rate, in force on the first day of each half-year: European Central Bank, "Key ECB
# interest rates". Those published after this revision are entered on the page of rates.
RATES = (
    ("2022-01-01", "0.00"),
    ("2022-07-01", "0.00"),
    ("2023-01-01", "2.50"),
    ("2023-07-01", "4.00"),
    ("2024-01-01", "4.50"),
    ("2024-07-01", "4.25"),
    ("2025-01-01", "3.15"),
    ("2025-07-01", "2.15"),
    ("2026-01-01", "2.15"),
)
ACCOUNTS = {"763": "Revenus des autres créances", "758": "Produits divers de gestion courante"}
OWN_INVOICE = f"EXISTS (SELECT FROM billing.invoice i WHERE i.id = invoice_id AND i.shareholder_id = {ME})"
OWN_DEPOSIT = (
    "EXISTS (SELECT FROM billing.deposit d JOIN billing.invoice i ON i.id = d.invoice_id"
    f" WHERE d.id = deposit_id AND i.shareholder_id = {ME})"
)
OWN_STRUCTURE = f"EXISTS (SELECT FROM contracts.budget b WHERE b.siret = {{siret}} AND b.shareholder_id = {ME})"


def upgrade() -> None:
    """Add tables; a municipality reads what concerns its own documents and budgets."""
    _deposits()
    _directory()
    _rates()
    op.execute(GUARDS)
    for table, office, worker, rows in (
        ("billing.deposit", "SIU", "SIU", OWN_INVOICE),
        ("billing.deposit_event", "SI", "SI", OWN_DEPOSIT),
        ("billing.reference_rate", "SI", "S", "true"),
        ("billing.late_charge", "SI", "S", OWN_INVOICE),
        ("contracts.structure", "SIU", "SIU", OWN_STRUCTURE.format(siret="structure.siret")),
        ("contracts.structure_service", "SIU", "SIU", OWN_STRUCTURE.format(siret="structure_service.siret")),
    ):
        close(table)
        open_to(table, "operator", office)
        open_to(table, "worker", worker)
        open_to(table, "shareholder", "S", rows)
    # Rates are only added to and say who entered them; structures are a copy of a public directory.
    watch("billing.deposit")
    watch("billing.late_charge")


def _deposits() -> None:
    op.create_table(
        "deposit",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("attempts_begun", sa.Integer(), nullable=False),
        sa.Column("attempts_answered", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flux", sa.Text(), nullable=True),
        sa.Column("deposited_on", sa.Date(), nullable=True),
        sa.Column("remote_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("way IN ('api', 'manual')", name=op.f("ck_deposit_way")),
        sa.CheckConstraint("state IN ('wanted', 'deposited', 'integrated', 'refused')", name=op.f("ck_deposit_state")),
        sa.CheckConstraint(
            "attempts_answered BETWEEN attempts_begun - 1 AND attempts_begun", name=op.f("ck_deposit_attempts")
        ),
        sa.CheckConstraint(
            "state <> 'deposited' OR flux IS NOT NULL AND deposited_on IS NOT NULL", name=op.f("ck_deposit_flux")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoice.id"], name=op.f("fk_deposit_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
        schema="billing",
    )
    op.create_index(
        "uq_deposit_invoice_once",
        "deposit",
        ["invoice_id"],
        unique=True,
        schema="billing",
        postgresql_where=sa.text("state <> 'refused'"),
    )
    op.create_index(
        "ix_deposit_due",
        "deposit",
        ["next_look_at"],
        schema="billing",
        postgresql_where=sa.text("next_look_at IS NOT NULL"),
    )
    op.create_table(
        "deposit_event",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deposit_id"], ["billing.deposit.id"], name=op.f("fk_deposit_event_deposit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_event")),
        sa.UniqueConstraint("deposit_id", "code", "at", name=op.f("uq_deposit_event_deposit_id_code_at")),
        schema="billing",
    )


def _directory() -> None:
    op.create_table(
        "structure",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("service_code_required", sa.Boolean(), nullable=False),
        sa.Column("commitment_required", sa.Boolean(), nullable=False),
        sa.Column("one_of_both_required", sa.Boolean(), nullable=False),
        sa.Column("payment_told", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('api', 'file')", name=op.f("ck_structure_source")),
        sa.PrimaryKeyConstraint("siret", name=op.f("pk_structure")),
        schema="contracts",
    )
    op.create_table(
        "structure_service",
        sa.Column("siret", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("commitment_required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["siret"], ["contracts.structure.siret"], name=op.f("fk_structure_service_siret")),
        sa.PrimaryKeyConstraint("siret", "code", name=op.f("pk_structure_service")),
        schema="contracts",
    )


def _rates() -> None:
    op.create_table(
        "late_charge",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("interest", sa.Numeric(14, 2), nullable=False),
        sa.Column("indemnity", sa.Numeric(14, 2), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "interest >= 0 AND indemnity >= 0 AND interest + indemnity > 0", name=op.f("ck_late_charge_amounts")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["billing.payment.id"], name=op.f("fk_late_charge_payment_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoice.id"], name=op.f("fk_late_charge_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_charge")),
        schema="billing",
    )
    for column in ("payment_id", "invoice_id"):
        op.create_index(op.f(f"ix_late_charge_{column}"), "late_charge", [column], schema="billing")
    op.drop_constraint(op.f("ck_entry_kind"), "entry", schema="billing")
    op.create_check_constraint(
        op.f("ck_entry_kind"),
        "entry",
        "kind IN ('invoice', 'credit_note', 'receipt', 'refund', 'vat', 'late')",
        schema="billing",
    )
    op.bulk_insert(
        sa.table("account", sa.column("code"), sa.column("name"), schema="billing"),
        [{"code": code, "name": name} for code, name in ACCOUNTS.items()],
    )
    rates = op.create_table(
        "reference_rate",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Numeric(5, 2), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "extract(day FROM starts_on) = 1 AND extract(month FROM starts_on) IN (1, 7)",
            name=op.f("ck_reference_rate_half_year"),
        ),
        sa.CheckConstraint("percent BETWEEN -5 AND 25", name=op.f("ck_reference_rate_percent")),
        sa.PrimaryKeyConstraint("starts_on", name=op.f("pk_reference_rate")),
        schema="billing",
    )
    op.bulk_insert(
        rates,
        [
            {"starts_on": day, "percent": percent, "source": "BCE, taux directeurs", "entered_by": ""}
            for day, percent in RATES
        ],
    )


def downgrade() -> None:
    """Restore the backup: what was deposited is kept as long as invoices (code de commerce art. L123-22)."""
