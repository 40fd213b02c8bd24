"""Invoices: what is drafted is checked, what is issued has the next number and never changes (truth 8)."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from billing.invoices.genuine import genuine_invoice
from billing.invoices.models import Invoice
from billing.invoices.numbering import seal
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from foundation.actors import PUBLIC
from foundation.errors import Refusal
from foundation.tenancy import bind_actor
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement

TODAY = dt.date(2026, 1, 20)
URL = "https://spl.example"


def ready(session, siren=SIRENS[0]):
    """Return an invoice that only lacks its number."""
    settlement = accepted_settlement(session, signed_agreement(session, siren))
    return check(session, draft(session, settlement, base_url=URL, today=TODAY))


@pytest.fixture
def office(dbsession):
    company(dbsession)
    return dbsession


def test_a_finance_officer_finds_the_amount_again(office):
    # 365 days x 10.125 kWh x 0.20 EUR = 739.125, to the cent 739.13; half of it is 369.565, to the cent 369.57.
    invoice = ready(office)
    assert (invoice.state, invoice.problems) == ("ready", [])
    assert (invoice.net, invoice.vat, invoice.gross) == (Decimal("369.57"), Decimal("73.91"), Decimal("443.48"))


def test_issuing_gives_the_next_number_and_the_day(office):
    invoice = issue(office, ready(office), today=TODAY)
    assert (invoice.number, invoice.issue_date, invoice.due_date) == ("F2026-0001", TODAY, dt.date(2026, 2, 19))
    assert invoice.snapshot["invoice_number"] == "F2026-0001"
    assert invoice.snapshot["check_url"] == f"{URL}/check/F2026-0001"
    assert invoice.settlement.state == "invoiced"
    assert issue(office, invoice, today=TODAY).number == "F2026-0001", "a second click returns the first"
    assert issue(office, ready(office, SIRENS[1]), today=TODAY).number == "F2026-0002"


def test_drafting_twice_gives_the_same_draft(office):
    settlement = accepted_settlement(office, signed_agreement(office))
    first = draft(office, settlement, base_url=URL, today=TODAY)
    assert draft(office, settlement, base_url=URL, today=TODAY) is first


def test_an_invoice_that_fails_its_checks_is_not_ready_and_says_why(office):
    agreement = signed_agreement(office)
    agreement.shareholder.postcode = ""
    invoice = check(office, draft(office, accepted_settlement(office, agreement), base_url=URL, today=TODAY))
    assert invoice.state == "draft"
    assert invoice.problems
    with pytest.raises(Refusal, match="pas prêt"):
        issue(office, invoice, today=TODAY)


def test_an_invoice_cannot_be_dated_before_the_last_one(office):
    issue(office, ready(office), today=TODAY)
    with pytest.raises(Refusal, match="antérieure"):
        issue(office, ready(office, SIRENS[1]), today=dt.date(2026, 1, 19))


def test_no_saving_no_invoice(office):
    settlement = accepted_settlement(office, signed_agreement(office, daily_kwh=Decimal(-3)))
    with pytest.raises(Refusal, match="sans économie"):
        draft(office, settlement, base_url=URL, today=TODAY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing.invoice SET net = net + 1, gross = gross + 1",
        'UPDATE billing.invoice SET snapshot = snapshot || \'{"paid": "1"}\'',
        "UPDATE billing.invoice SET number = 'F2026-0007'",
        "UPDATE billing.invoice SET state = 'draft', number = NULL, issue_date = NULL, sha256 = NULL",
        "DELETE FROM billing.invoice",
        "TRUNCATE billing.invoice CASCADE",
        "UPDATE billing.invoice_series SET last_number = 0",
        "UPDATE billing.invoice_series SET last_number = last_number + 2",
        "DELETE FROM billing.invoice_series",
        "UPDATE billing.settlement SET amount = 1",
        "UPDATE billing.settlement_line SET amount = 1",
        "UPDATE baseline.savings_report SET measured_kwh = 0",
        "UPDATE baseline.measurement_plan SET model = '{}'",
    ],
)
def test_what_is_issued_is_never_changed_even_by_the_owner(office, statement):
    issue(office, ready(office), today=TODAY)
    office.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DatabaseError, match=r"never|up by one"):
        office.execute(text(statement))


def test_the_chain_tells_which_invoice_was_altered(office):
    for siren in SIRENS[:3]:
        issue(office, ready(office, siren), today=TODAY)
    invoices = office.scalars(select(Invoice).order_by(Invoice.position)).all()
    head = ""
    for invoice in invoices:
        assert invoice.previous_sha256 == head
        head = seal(head, invoice.snapshot)
        assert invoice.sha256 == head
    altered = invoices[1].snapshot | {"paid": "1"}
    assert seal(invoices[0].sha256, altered) != invoices[1].sha256


def test_the_first_rendering_is_the_original(office):
    invoice = render(office, issue(office, ready(office), today=TODAY), today=TODAY)
    assert invoice.pdf is not None
    assert invoice.pdf.content.startswith(b"%PDF-")
    assert invoice.pdf.shareholder_id == invoice.shareholder_id
    original = invoice.pdf_id
    assert render(office, invoice, today=TODAY).pdf_id == original
    with pytest.raises(DatabaseError, match="never edited"):
        office.execute(text("UPDATE billing.invoice SET pdf_id = NULL"))


def test_many_at_once_get_exactly_the_numbers_one_to_n(database):
    with database.sessions().begin() as session:
        company(session)
        for siren in SIRENS[:5]:
            ready(session, siren)
    with database.sessions()() as session:
        ids = session.scalars(select(Invoice.id)).all()
    sessions = database.sessions()
    start = threading.Barrier(2 * len(ids))
    faults: list[BaseException] = []

    def press(invoice_id):
        start.wait()
        try:
            with sessions.begin() as session:
                issue(session, session.get_one(Invoice, invoice_id), today=TODAY)
        except BaseException as fault:  # noqa: BLE001 - a thread must not take its fault with it
            faults.append(fault)

    # Each invoice is issued twice, as by a double click.
    presses = [threading.Thread(target=press, args=(one,)) for one in ids * 2]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert faults == []
    with database.sessions()() as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert numbers == [f"F2026-{position:04d}" for position in range(1, len(ids) + 1)]


def test_whoever_holds_the_paper_may_ask_whether_it_is_genuine(database):
    with database.sessions().begin() as session:
        company(session)
        invoice = issue(session, ready(session), today=TODAY)
        number, seal_printed = invoice.number, invoice.sha256
    with database.sessions("web")() as session:
        bind_actor(session, PUBLIC)
        found = genuine_invoice(session, number, f" {seal_printed[:4].upper()} {seal_printed[4:]}")
        assert found is not None
        assert (found.number, found.gross) == ("F2026-0001", Decimal("443.48"))
        assert genuine_invoice(session, number, "0" * 64) is None
        assert genuine_invoice(session, "F2026-0002", seal_printed) is None
