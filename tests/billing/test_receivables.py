"""Payments: whatever the order, the books balance, VAT falls due with what is paid, and what is late is said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from billing.evidence.audit import _books
from billing.invoices.credits import cancel
from billing.invoices.register import check, issue
from billing.ledger.lateness import lateness
from billing.ledger.rates import enter_rate, rate_table
from billing.ledger.register import balance
from billing.ledger.rules import vat_of_part
from billing.receivables.journal import COLUMNS, fec
from billing.receivables.register import allocate, pay_lateness, receive, refund, release, remind, spread
from billing.receivables.standing import aged_balance, free, standings, statement
from contracts.parties.models import Shareholder
from foundation.errors import Refusal
from foundation.mail.models import Mail
from tests.billing.test_invoices import TODAY, ready
from tests.chain import company

D = Decimal
LATE = dt.date(2026, 3, 31)


@pytest.fixture
def account(dbsession):
    """Return a session, a town, and its invoice of 443.48 EUR, of which 73.91 are VAT, due on 19 February 2026."""
    company(dbsession)
    invoice = issue(dbsession, ready(dbsession), today=TODAY)
    town = dbsession.get_one(Shareholder, invoice.shareholder_id)
    town.email = "compta@ville.example"
    return dbsession, town, invoice


def pay(session, town, amount, reference="M-1", day=TODAY):
    return receive(
        session, town, day=day, amount=D(amount), reference=reference, payer="Trésorerie", by="Claire", today=LATE
    )


def test_partial_payments_and_an_overpayment_that_waits(account):
    session, town, invoice = account
    first, second = pay(session, town, "100"), pay(session, town, "400", "M-2")
    spread(session, first, by="Claire")
    assert balance(session, "44571") == -vat_of_part(invoice.vat, invoice.gross, D(100)) == D("-16.67")
    spread(session, second, by="Claire")
    [standing] = standings(session, [invoice], TODAY)
    assert (standing.paid, standing.remaining, free(session, second)) == (D("443.48"), 0, D("56.52"))
    assert (balance(session, "44571"), balance(session, "44574")) == (-invoice.vat, 0)
    [line] = aged_balance(session, TODAY)
    assert (line.waiting, line.balance, sum(line.parts)) == (D("56.52"), D("-56.52"), 0)
    assert [one.balance for one in statement(session, town)] == [D("443.48"), D("343.48"), D("-56.52")]


def test_money_given_back_is_at_most_what_stands_in_favour(account):
    session, town, _ = account
    spread(session, pay(session, town, "500"), by="Claire")
    with pytest.raises(Refusal, match="on ne rembourse pas plus"):
        refund(session, town, day=TODAY, amount=D("56.53"), reference="R-1", by="Claire", today=LATE)
    refund(session, town, day=TODAY, amount=D("56.52"), reference="R-1", by="Claire", today=LATE)
    assert balance(session, "411", shareholder_id=town.id) == 0
    assert balance(session, "512") == D("443.48")


def test_a_paid_invoice_that_is_cancelled_leaves_its_payment_to_be_taken_off(account):
    session, town, invoice = account
    payment = pay(session, town, "443.48")
    spread(session, payment, by="Claire")
    issue(session, check(session, cancel(session, invoice, reason="Double", today=TODAY)), today=TODAY)
    [standing] = standings(session, [invoice], LATE)
    assert standing.remaining == D("-443.48")
    release(session, payment, invoice, by="Claire")
    assert (balance(session, "44571"), balance(session, "44574"), balance(session, "706")) == (0, 0, 0)
    assert (free(session, payment), balance(session, "411")) == (D("443.48"), D("-443.48"))


def test_what_a_payment_cannot_do_is_refused(account):
    session, town, invoice = account
    with pytest.raises(Refusal, match="positif"):
        pay(session, town, "-1")
    with pytest.raises(Refusal, match="pas encore venu"):
        pay(session, town, "1", day=dt.date(2026, 4, 1))
    payment = pay(session, town, "100")
    for amount in ("0", "-5", "100.01", "443.48"):
        with pytest.raises(Refusal, match="imputez au plus"):
            allocate(session, payment, invoice, amount=D(amount), by="Claire")
    with pytest.raises(Refusal, match="ne règle pas cette facture"):
        release(session, payment, invoice, by="Claire")
    with pytest.raises(DatabaseError, match="uq_payment"):
        pay(session, town, "100")


def test_late_interest_is_that_of_the_half_year_it_began_in(account):
    session, _, invoice = account
    [standing] = standings(session, [invoice], LATE)
    # 40 days on 443.48 EUR at 2.15 + 8 percent, and 40 EUR.
    assert (standing.late.days, standing.late.rate) == (40, D("10.15"))
    assert (standing.late.interest, standing.late.indemnity) == (D("4.93"), D("40.00"))
    [on_time] = standings(session, [invoice], dt.date(2026, 2, 19))
    assert (on_time.late.days, on_time.late.indemnity) == (0, 0)


def test_a_rate_nobody_entered_is_said_and_never_counted_as_nothing(account):
    session, _, invoice = account
    rates = rate_table(session)
    unknown = lateness(D(100), dt.date(2031, 2, 1), [], dt.date(2031, 3, 1), rates)
    assert (unknown.rate, unknown.interest, unknown.indemnity) == (None, None, D("40.00"))
    assert unknown.half_year == dt.date(2031, 1, 1)
    # The day after the due date decides: due on 30 June, interest begins in the second half.
    begins = lateness(D(100), dt.date(2026, 6, 30), [], dt.date(2026, 7, 10), rates)
    assert begins.half_year == dt.date(2026, 7, 1)
    session.execute(text("ALTER TABLE billing.reference_rate DISABLE TRIGGER USER"))
    session.execute(text("DELETE FROM billing.reference_rate WHERE starts_on = '2026-01-01'"))
    with pytest.raises(Refusal, match="Le taux de la BCE au"):
        remind(session, invoice, by="Claire", today=LATE)
    enter_rate(session, half_year=LATE, percent=D("2.15"), source="BCE", by="Claire", today=LATE)
    remind(session, invoice, by="Claire", today=LATE)


def test_a_rate_is_that_of_a_half_year_that_began_entered_once(account):
    session, _, _ = account
    for half_year, percent, why in (
        (dt.date(2026, 7, 1), "2.15", "n'a pas commencé"),
        (dt.date(2026, 2, 1), "2.15", "déjà enregistré"),
        (dt.date(2021, 7, 1), "215", "pour cent"),
        (dt.date(2021, 7, 1), "2.155", "deux décimales"),
    ):
        with pytest.raises(Refusal, match=why):
            enter_rate(session, half_year=half_year, percent=D(percent), source="BCE", by="Claire", today=LATE)
    enter_rate(session, half_year=dt.date(2021, 9, 1), percent=D("0.00"), source="BCE", by="Claire", today=LATE)
    assert rate_table(session)[dt.date(2021, 7, 1)] == 0
    with pytest.raises(DatabaseError, match="never changed"):
        session.execute(text("UPDATE billing.reference_rate SET percent = 0"))


def test_interest_and_indemnity_received_are_income_and_no_credit_of_the_municipality(account):
    session, town, invoice = account
    payment = pay(session, town, "500", day=LATE)
    with pytest.raises(Refusal, match="le prix d'abord"):
        pay_lateness(session, payment, invoice, by="Claire")
    spread(session, payment, by="Claire")
    charge = pay_lateness(session, payment, invoice, by="Claire")
    assert (charge.interest, charge.indemnity) == (D("4.93"), D("40.00"))
    assert (balance(session, "763"), balance(session, "758")) == (D("-4.93"), D("-40.00"))
    assert (free(session, payment), balance(session, "411")) == (D("11.59"), D("-11.59"))
    assert balance(session, "44571") == -invoice.vat, "no VAT on damages"
    [line] = aged_balance(session, LATE)
    assert (line.waiting, line.balance) == (D("11.59"), D("-11.59"))
    with pytest.raises(Refusal, match="Rien n'est dû"):
        pay_lateness(session, payment, invoice, by="Claire")
    assert list(_books(session)) == []


def test_a_payment_too_small_for_all_of_it_pays_interest_first(account):
    session, town, invoice = account
    spread(session, pay(session, town, "443.48", day=LATE), by="Claire")
    part = pay(session, town, "10", "M-2", day=LATE)
    charge = pay_lateness(session, part, invoice, by="Claire")
    assert (charge.interest, charge.indemnity, free(session, part)) == (D("4.93"), D("5.07"), 0)
    [standing] = standings(session, [invoice], LATE)
    assert standing.lateness_owed == (0, D("34.93"))


DUE = dt.date(2026, 2, 19)
RATE = {dt.date(2026, 1, 1): D("2.15")}


@given(st.lists(st.tuples(st.integers(-20, 200), st.integers(1, 50_000)), max_size=6), st.integers(0, 300))
def test_paying_earlier_never_costs_more(parts, days):
    paid = [(DUE + dt.timedelta(days=offset), D(cents) / 100) for offset, cents in parts]
    on = DUE + dt.timedelta(days=days)
    owed = sum((amount for _, amount in paid), D("12.34"))
    sooner = [(day - dt.timedelta(days=3), amount) for day, amount in paid]
    assert D(0) <= lateness(owed, DUE, sooner, on, RATE).interest <= lateness(owed, DUE, paid, on, RATE).interest


@given(st.decimals(1, 10_000, places=2), st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_vat_cut_however_it_may_be_adds_up(gross, weights):
    vat = (gross / 6).quantize(D("0.01"))
    paid = [gross * sum(weights[:place]) / sum(weights) for place in range(len(weights) + 1)]
    parts = [vat_of_part(vat, gross, b) - vat_of_part(vat, gross, a) for a, b in pairwise(paid)]
    assert sum(parts) == vat


def test_a_reminder_is_a_letter_a_person_sent_once_a_day(account):
    session, _, invoice = account
    with pytest.raises(Refusal, match="pas en retard"):
        remind(session, invoice, by="Claire", today=TODAY)
    remind(session, invoice, by="Claire", today=LATE)
    [letter] = session.scalars(select(Mail)).all()
    assert letter.recipient == "compta@ville.example"
    assert invoice.number in letter.subject
    assert "443,48" in letter.text.replace("\u202f", " ")


def test_the_journal_has_the_columns_of_the_law_and_balances(account):
    session, town, _ = account
    spread(session, pay(session, town, "100", "=1+1"), by="Claire")
    rows = [line.split("\t") for line in fec(session, 2026).decode().splitlines()]
    assert tuple(rows[0]) == COLUMNS
    assert {len(row) for row in rows} == {18}
    sums = [sum(D(row[place].replace(",", ".")) for row in rows[1:]) for place in (11, 12)]
    assert sums[0] == sums[1] == D("560.15")
    assert "'=1+1" in {row[8] for row in rows}
    assert fec(session, 2025).decode().splitlines() == ["\t".join(COLUMNS)]


@pytest.mark.parametrize("table", ["payment", "allocation"])
def test_payments_are_never_changed_even_by_the_owner(account, table):
    session, town, _ = account
    spread(session, pay(session, town, "100"), by="Claire")
    with pytest.raises(DatabaseError, match="never changed"):
        session.execute(text(f"UPDATE billing.{table} SET amount = 1"))
