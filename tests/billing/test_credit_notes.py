"""Credit notes: positive amounts, a series of their own; the invoices they name stay as they are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from baseline.plans.models import MeasurementPlan
from billing.evidence.document import verify_pdf
from billing.evidence.verify import verify
from billing.invoices.credits import cancel, draft_credit_note
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from billing.ledger.register import balance
from billing.settlements.register import accept, propose
from foundation.errors import Refusal
from tests.billing.test_invoices import TODAY, URL, ready
from tests.chain import SIRENS, YEAR, company, report_year, signed_agreement

LATER = dt.date(2026, 3, 2)


@pytest.fixture
def office(dbsession):
    company(dbsession)
    return dbsession


def cancelled(session, invoice, reason="Mauvais engagement"):
    """Return the issued credit note that cancels `invoice`."""
    return issue(session, check(session, cancel(session, invoice, reason=reason, today=LATER)), today=LATER)


def test_a_cancelled_invoice_is_taken_back_whole_and_stays_as_it_was(office):
    invoice = issue(office, ready(office), today=TODAY)
    before = (invoice.net, invoice.gross, invoice.sha256, invoice.snapshot)
    note = cancelled(office, invoice)
    assert (note.number, note.type_code, note.state) == ("A2026-0001", "381", "issued")
    assert (note.net, note.gross) == (invoice.net, invoice.gross)
    assert note.snapshot["preceding_invoices"] == [{"invoice_number": "F2026-0001", "issue_date": "2026-01-20"}]
    assert invoice.state == "credited"
    assert (invoice.net, invoice.gross, invoice.sha256, invoice.snapshot) == before
    assert balance(office, "411") == balance(office, "706") == balance(office, "44574") == 0


def test_a_cancelled_settlement_may_be_invoiced_anew(office):
    invoice = issue(office, ready(office), today=TODAY)
    cancelled(office, invoice)
    assert invoice.settlement.state == "accepted"
    again = issue(office, check(office, draft(office, invoice.settlement, base_url=URL, today=LATER)), today=LATER)
    assert (again.number, again.net) == ("F2026-0002", invoice.net)
    assert invoice.settlement.state == "invoiced"


def test_what_cannot_be_cancelled_is_refused_with_a_sentence(office):
    waiting = ready(office)
    with pytest.raises(Refusal, match="Seule une facture émise"):
        cancel(office, waiting, reason="x", today=LATER)
    invoice = issue(office, waiting, today=TODAY)
    with pytest.raises(Refusal, match="pourquoi"):
        cancel(office, invoice, reason=" ", today=LATER)
    note = cancelled(office, invoice)
    with pytest.raises(Refusal, match="déjà créditée"):
        cancel(office, invoice, reason="encore", today=LATER)
    with pytest.raises(Refusal, match="Seule une facture émise"):
        cancel(office, note, reason="x", today=LATER)
    with pytest.raises(Refusal, match="ne rend rien"):
        draft_credit_note(office, invoice.settlement, base_url=URL, today=LATER)


def test_series_of_credit_notes_and_invoices_are_each_gapless(office):
    first, second = (issue(office, ready(office, siren), today=TODAY) for siren in SIRENS[:2])
    notes = [cancelled(office, one) for one in (first, second)]
    third = issue(office, ready(office, SIRENS[2]), today=LATER)
    assert [one.number for one in (*notes, third)] == ["A2026-0001", "A2026-0002", "F2026-0003"]
    assert notes[1].previous_sha256 == notes[0].sha256
    assert third.previous_sha256 == second.sha256


def test_a_rendered_credit_note_holds_from_its_pdf_and_from_the_database(office):
    invoice = render(office, issue(office, ready(office), today=TODAY), today=TODAY)
    note = render(office, cancelled(office, invoice), today=LATER)
    assert verify_pdf(note.pdf.content).found == ()
    assert verify(office) == ()
    assert b"<ram:TypeCode>381</ram:TypeCode>" in note.xml.content


def overbilled(session, *ends):
    """Return the invoices of two instalments, and the accepted balance that gives a part of them back."""
    agreement = signed_agreement(session)
    plan = session.scalars(select(MeasurementPlan).where(MeasurementPlan.agreement_id == agreement.id)).one()
    invoices, start = [], YEAR[0]
    for end in ends:
        report_year(session, plan, Decimal(20), end)
        settlement = propose(session, agreement, start=start, end=end, today=TODAY)
        accept(session, settlement, by="La maire", today=TODAY)
        invoices.append(
            issue(session, check(session, draft(session, settlement, base_url=URL, today=TODAY)), today=TODAY)
        )
        start = end
    report_year(session, plan, Decimal("2.500"))
    balance_due = propose(session, agreement, start=start, end=YEAR[1], today=TODAY)
    return invoices, accept(session, balance_due, by="La maire", today=TODAY)


def test_a_balance_below_what_was_billed_is_given_back_on_the_latest_invoices(office):
    (first, second), settlement = overbilled(office, dt.date(2025, 4, 1), dt.date(2025, 7, 1))
    # Instalments (90 x 20 - 100) x 0.10 and (181 x 20 - 100) x 0.10 less the first; the year 365 x 2.5 x 0.10.
    assert (first.net, second.net, settlement.amount) == (Decimal("170.00"), Decimal("182.00"), Decimal("-260.75"))
    note = check(office, draft_credit_note(office, settlement, base_url=URL, today=TODAY))
    assert (note.state, note.problems, note.net) == ("ready", [], Decimal("260.75"))
    assert draft_credit_note(office, settlement, base_url=URL, today=TODAY) is note
    render(office, issue(office, note, today=TODAY), today=TODAY)
    assert [(one.invoice.number, one.amount) for one in note.credits] == [
        (second.number, second.gross),
        (first.number, note.gross - second.gross),
    ]
    assert (first.state, second.state, settlement.state) == ("issued", "credited", "invoiced")
    assert balance(office, "706") == -(first.net + second.net - note.net)
    assert verify_pdf(note.pdf.content).found == ()
    assert verify(office) == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing.posting SET amount = amount + 1",
        "DELETE FROM billing.entry",
        "TRUNCATE billing.posting",
        "UPDATE billing.credit SET amount = 1",
        "UPDATE billing.settlement SET accepted_by = 'x'",
    ],
)
def test_what_is_booked_is_never_changed_even_by_the_owner(office, statement):
    cancelled(office, issue(office, ready(office), today=TODAY))
    issue(office, ready(office, SIRENS[1]), today=LATER)
    office.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DatabaseError, match="never"):
        office.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO billing.posting (entry_id, account_code, amount) SELECT id, '706', 1 FROM billing.entry",
        (
            "INSERT INTO billing.entry (day, journal, kind, document, document_date, label)"
            " VALUES ('2026-01-01', 'OD', 'vat', 'x', '2026-01-01', 'x')"
        ),
        (
            "UPDATE billing.invoice SET number = 'F-7', issue_date = now(), sha256 = '0', state = 'issued'"
            " WHERE number IS NULL"
        ),
    ],
)
def test_what_does_not_balance_or_is_not_booked_is_refused_at_commit(office, statement):
    issue(office, ready(office), today=TODAY)
    ready(office, SIRENS[1])
    office.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DatabaseError, match=r"balance to zero|never booked"):
        office.execute(text(statement))
