"""An agreement that ended: its last days settled once, its sensors bought out by the table, each figure found again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from billing.evidence.audit import _books
from billing.evidence.document import verify_pdf
from billing.evidence.verify import verify
from billing.exits.register import exit_settlement, propose_buy_out
from billing.invoices.credits import cancel
from billing.invoices.register import check, draft, issue
from billing.invoices.rendering import render
from billing.ledger.models import Entry, Posting
from billing.ledger.register import balance
from billing.receivables.register import receive, spread
from billing.settlements.disputes import dispute
from billing.settlements.register import accept, propose
from contracts.agreements.suspensions import end_agreement
from contracts.agreements.terms.data import BuyOut
from contracts.agreements.years import whole_years
from contracts.parties.models import Shareholder
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from tests.billing.agreement_example import HALF, START, report, signed, town
from tests.billing.test_invoices import URL
from tests.chain import company, signed_agreement

D = Decimal
TABLE = (BuyOut(1, D("4500.00")), BuyOut(3, D("1500.00")))
END = dt.date(2027, 7, 1)
TODAY = dt.date(2027, 7, 20)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ((2025, 1, 1), (2025, 12, 31), 0),
        ((2025, 1, 1), (2026, 1, 1), 1),
        ((2024, 2, 29), (2025, 2, 28), 1),
        ((2024, 2, 29), (2028, 2, 28), 3),
        ((2025, 7, 1), (2028, 6, 30), 2),
    ],
)
def test_only_whole_years_count(start, end, years):
    assert whole_years(dt.date(*start), dt.date(*end)) == years


def ended(session, terms=None):
    """Return an agreement over 2025 to 2029 that ended in its third year."""
    agreement = signed_agreement(session, terms=terms or replace(HALF, buy_out=TABLE))
    end_agreement(session, agreement, on=END, reason="La commune vend l'école.")
    return agreement


def test_the_balance_of_the_last_days_is_settled_once(dbsession):
    agreement, [plan] = signed(dbsession, town(dbsession), "École", terms=HALF)
    half = dt.date(2024, 7, 1)
    for start, end in ((START, dt.date(2024, 1, 1)), (dt.date(2024, 1, 1), half)):
        report(dbsession, plan, start, end, avoided="10", half_width="100")
    first = propose(dbsession, agreement, start=START, end=dt.date(2024, 1, 1), today=half)
    accept(dbsession, first, by="M", today=half)
    with pytest.raises(Refusal, match="court encore"):
        exit_settlement(dbsession, agreement, today=half)
    end_agreement(dbsession, agreement, on=half, reason="Sortie de la SPL")
    last = exit_settlement(dbsession, agreement, today=half)
    # 182 days of 10 kWh at 0.20 EUR, in full: a year that is over is no instalment. Half of it.
    assert (last.period.lower, last.period.upper, last.amount) == (dt.date(2024, 1, 1), half, D("182.00"))
    accept(dbsession, last, by="M", today=half)
    with pytest.raises(Refusal, match="réglé jusqu'à sa fin"):
        exit_settlement(dbsession, agreement, today=half)
    with pytest.raises(Refusal, match="hors de l'accord"):
        propose(dbsession, agreement, start=half, end=dt.date(2025, 1, 1), today=dt.date(2025, 1, 2))


def test_a_year_nobody_settled_comes_before_the_exit(dbsession):
    agreement, [plan] = signed(dbsession, town(dbsession), "École", terms=HALF)
    half = dt.date(2024, 7, 1)
    for start, end in ((START, dt.date(2024, 1, 1)), (dt.date(2024, 1, 1), half)):
        report(dbsession, plan, start, end, avoided="10")
    end_agreement(dbsession, agreement, on=half, reason="Sortie")
    with pytest.raises(Refusal, match="L'année 1 de l'accord n'est pas réglée"):
        exit_settlement(dbsession, agreement, today=half)


def test_the_sensors_are_sold_at_the_value_of_the_table(dbsession):
    company(dbsession)
    agreement = ended(dbsession)
    with pytest.raises(Refusal, match="court encore"):
        propose_buy_out(dbsession, agreement, today=END - dt.timedelta(days=1))
    settlement = propose_buy_out(dbsession, agreement, today=TODAY)
    # Two and a half years: two whole ones, and the table's last row reached is that of the first.
    assert (settlement.kind, settlement.amount, settlement.lines) == ("buy_out", D("4500.00"), [])
    assert "après 2 années complètes" in settlement.evaluation["steps"][0]["sentence"]
    with pytest.raises(Refusal, match="déjà proposé"):
        propose_buy_out(dbsession, agreement, today=TODAY)
    with pytest.raises(Refusal, match="sans contestation"):
        dispute(dbsession, settlement, lines=[], reason="Trop cher", by="M", today=TODAY)
    accept(dbsession, settlement, by="La maire", today=TODAY)
    invoice = check(dbsession, draft(dbsession, settlement, base_url=URL, today=TODAY))
    assert invoice.problems == []
    render(dbsession, issue(dbsession, invoice, today=TODAY), today=TODAY)
    assert (invoice.net, invoice.gross) == (D("4500.00"), D("5400.00"))
    assert b"<ram:ID>B1</ram:ID>" in invoice.xml.content, "goods, not services (BT-23)"
    verdict = verify_pdf(invoice.pdf.content)
    assert verdict.found == ()
    # VAT on goods is due at once, and a payment makes nothing more of it fall due.
    assert [balance(dbsession, account) for account in ("775", "44571", "44574")] == [D(-4500), D(-900), 0]
    [buyer] = dbsession.scalars(select(Shareholder).where(Shareholder.id == agreement.shareholder_id))
    paid = receive(dbsession, buyer, day=TODAY, amount=D(5400), reference="R1", payer="Trésorerie", by="C", today=TODAY)
    spread(dbsession, paid, by="C")
    assert [balance(dbsession, account) for account in ("411", "44571", "44574")] == [0, D(-900), 0]
    assert [*verify(dbsession), *_books(dbsession)] == []
    note = check(dbsession, cancel(dbsession, invoice, reason="Les capteurs sont déposés.", today=TODAY))
    render(dbsession, issue(dbsession, note, today=TODAY), today=TODAY)
    assert verify_pdf(note.pdf.content).found == ()
    assert [balance(dbsession, account) for account in ("775", "44571")] == [0, 0]
    assert dbsession.scalar(select(func.sum(Posting.amount)).join(Entry)) == 0


def test_terms_without_a_table_refuse_and_name_the_way_out(dbsession):
    agreement = ended(dbsession, HALF)
    with pytest.raises(Refusal) as refused:
        propose_buy_out(dbsession, agreement, today=TODAY)
    assert "ne prévoit pas de rachat après l'année 2" in refused.value.said_in(FRENCH.translate)
