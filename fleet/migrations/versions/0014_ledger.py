"""Credit notes beside invoices; the books: accounts, entries, postings; payments, their allocation, reminders.

An entry balances at commit, nothing booked is changed, and what is issued is booked in the same transaction.
What was issued before this revision is booked by it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import ME, close, open_to, watch

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Chart of this revision: later ones add theirs.
ACCOUNTS = {
    "411": "Clients",
    "512": "Banque",
    "706": "Prestations de services",
    "44574": "TVA collectée en attente d'encaissement",
    "44571": "TVA collectée",
}

GUARDS = """
CREATE FUNCTION billing.demand_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry int := CASE TG_TABLE_NAME WHEN 'entry' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(NEW) ->> 'entry_id' END;
BEGIN
    IF (SELECT count(*) < 2 OR sum(amount) <> 0 FROM billing.posting WHERE entry_id = entry) THEN
        RAISE EXCEPTION 'entry % does not balance to zero', entry USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing.entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing.demand_balance();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing.posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing.demand_balance();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.entry
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what is booked is never changed, book its reverse');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.posting
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what is booked is never changed, book its reverse');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.credit
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('what a credit note takes back is never changed');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.payment
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a payment is never changed, take it off and say why');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.allocation
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('an allocation is never changed, add its reverse');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON billing.reminder
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a letter that was sent is never changed');

CREATE FUNCTION billing.demand_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM billing.entry WHERE document = NEW.number AND kind IN ('invoice', 'credit_note')) THEN
        RAISE EXCEPTION 'document % is issued and never booked', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER booked AFTER UPDATE OF number ON billing.invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.number IS NOT NULL) EXECUTE FUNCTION billing.demand_entry();

CREATE OR REPLACE FUNCTION billing.guard_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['state', 'accepted_on', 'accepted_by', 'dispute'])
        = (to_jsonb(OLD) - ARRAY['state', 'accepted_on', 'accepted_by', 'dispute'])
        AND OLD.state <> 'invoiced' THEN
        RETURN NEW;
    END IF;
    -- Its invoice was cancelled by a credit note: accepted as before, and nothing else of it moves.
    IF (to_jsonb(NEW) - 'state') = (to_jsonb(OLD) - 'state')
        AND OLD.state = 'invoiced' AND NEW.state IN ('accepted', 'invoiced') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the figures of a settlement never change' USING ERRCODE = 'restrict_violation';
END $$;
"""

BOOK_WHAT_WAS_ISSUED = """
WITH booked AS (
    INSERT INTO billing.entry (day, journal, kind, document, document_date, label)
    SELECT issue_date, 'VT', 'invoice', number, issue_date, 'Facture ' || number
    FROM billing.invoice WHERE number IS NOT NULL ORDER BY issue_date, series, position
    RETURNING id, document
)
INSERT INTO billing.posting (entry_id, account_code, shareholder_id, amount)
SELECT b.id, m.account, CASE m.account WHEN '411' THEN i.shareholder_id END, m.amount
FROM booked b JOIN billing.invoice i ON i.number = b.document
CROSS JOIN LATERAL (VALUES ('411', i.gross), ('706', -i.net), ('44574', -i.vat)) AS m (account, amount)
WHERE m.amount <> 0
"""

OWN_ENTRY = f"EXISTS (SELECT FROM billing.posting p WHERE p.entry_id = entry.id AND p.shareholder_id = {ME})"
OWN_INVOICE = f"EXISTS (SELECT FROM billing.invoice i WHERE i.id = invoice_id AND i.shareholder_id = {ME})"
OWN_CREDIT = f"EXISTS (SELECT FROM billing.invoice i WHERE i.id = note_id AND i.shareholder_id = {ME})"


def upgrade() -> None:
    _documents()
    _books()
    _payments()
    op.execute(GUARDS)
    for table, rows in (
        ("billing.entry", OWN_ENTRY),
        ("billing.posting", f"shareholder_id = {ME}"),
        ("billing.credit", OWN_CREDIT),
        ("billing.payment", f"shareholder_id = {ME}"),
        ("billing.allocation", OWN_INVOICE),
        ("billing.reminder", OWN_INVOICE),
    ):
        close(table)
        open_to(table, "operator", "SI")
        open_to(table, "worker", "SI")
        open_to(table, "shareholder", "S", rows)
    close("billing.account")
    for role in ("operator", "worker", "shareholder"):
        open_to("billing.account", role, "S")
    op.bulk_insert(
        sa.table("account", sa.column("code"), sa.column("name"), schema="billing"),
        [{"code": code, "name": name} for code, name in ACCOUNTS.items()],
    )
    op.execute(BOOK_WHAT_WAS_ISSUED)
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("credit", "payment", "allocation", "reminder"):
        watch(f"billing.{table}")
    # The year-end run drafts and issues, whoever started it being gone.
    op.execute("GRANT INSERT ON billing.invoice, billing.invoice_series TO fleet_worker")


def _documents() -> None:
    op.add_column("invoice", sa.Column("type_code", sa.Text(), server_default="380", nullable=False), schema="billing")
    op.create_check_constraint(op.f("ck_invoice_type_code"), "invoice", "type_code IN ('380', '381')", schema="billing")
    op.create_check_constraint(
        op.f("ck_invoice_only_invoices_are_credited"),
        "invoice",
        "type_code = '380' OR state <> 'credited'",
        schema="billing",
    )
    op.drop_constraint(op.f("uq_invoice_settlement_id"), "invoice", schema="billing")
    op.create_index("ix_invoice_settlement_id", "invoice", ["settlement_id"], schema="billing")
    op.create_index(
        "uq_invoice_settlement_once",
        "invoice",
        ["settlement_id"],
        unique=True,
        schema="billing",
        postgresql_where=sa.text("type_code = '380' AND state <> 'credited'"),
    )
    op.create_index(
        "uq_invoice_credit_draft_once",
        "invoice",
        ["settlement_id"],
        unique=True,
        schema="billing",
        postgresql_where=sa.text("type_code = '381' AND number IS NULL"),
    )
    op.create_table(
        "credit",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_amount")),
        sa.ForeignKeyConstraint(["note_id"], ["billing.invoice.id"], name=op.f("fk_credit_note_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoice.id"], name=op.f("fk_credit_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
        sa.UniqueConstraint("note_id", "invoice_id", name=op.f("uq_credit_note_id_invoice_id")),
        schema="billing",
    )
    op.create_index(op.f("ix_credit_invoice_id"), "credit", ["invoice_id"], schema="billing")


def _books() -> None:
    op.create_table(
        "account",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_account")),
        schema="billing",
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("journal IN ('VT', 'BQ', 'OD')", name=op.f("ck_entry_journal")),
        sa.CheckConstraint(
            "kind IN ('invoice', 'credit_note', 'receipt', 'refund', 'vat')", name=op.f("ck_entry_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        schema="billing",
    )
    op.create_index("ix_entry_day", "entry", ["day"], schema="billing")
    op.create_index(
        "uq_entry_document_once",
        "entry",
        ["document"],
        unique=True,
        schema="billing",
        postgresql_where=sa.text("kind IN ('invoice', 'credit_note')"),
    )
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_posting_amount")),
        sa.CheckConstraint("(account_code = '411') = (shareholder_id IS NOT NULL)", name=op.f("ck_posting_customer")),
        sa.ForeignKeyConstraint(["entry_id"], ["billing.entry.id"], name=op.f("fk_posting_entry_id")),
        sa.ForeignKeyConstraint(["account_code"], ["billing.account.code"], name=op.f("fk_posting_account_code")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_posting_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        schema="billing",
    )
    for column in ("entry_id", "account_code", "shareholder_id"):
        op.create_index(op.f(f"ix_posting_{column}"), "posting", [column], schema="billing")


def _payments() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("shareholder_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["shareholder_id"], ["contracts.shareholder.id"], name=op.f("fk_payment_shareholder_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint(
            "shareholder_id", "day", "amount", "reference", name=op.f("uq_payment_shareholder_id_day_amount_reference")
        ),
        schema="billing",
    )
    op.create_table(
        "allocation",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_allocation_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["billing.payment.id"], name=op.f("fk_allocation_payment_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoice.id"], name=op.f("fk_allocation_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        schema="billing",
    )
    for column in ("payment_id", "invoice_id"):
        op.create_index(op.f(f"ix_allocation_{column}"), "allocation", [column], schema="billing")
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("remaining", sa.Numeric(14, 2), nullable=False),
        sa.Column("interest", sa.Numeric(14, 2), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["billing.invoice.id"], name=op.f("fk_reminder_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        schema="billing",
    )
    op.create_index(op.f("ix_reminder_invoice_id"), "reminder", ["invoice_id"], schema="billing")


def downgrade() -> None:
    """Credit notes and books are kept ten years (code de commerce art. L123-22): restore the backup."""
