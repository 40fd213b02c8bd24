"""What the buyer's budget asks: its references and its commitment are checked before anything is issued."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal

import pytest
from sqlalchemy import select

from billing.chorus import tasks
from billing.invoices.credits import cancel
from billing.invoices.models import Invoice
from billing.invoices.register import check, draft, issue
from billing.invoices.requirements import left_of
from contracts.parties.directory import (
    COLUMNS,
    ServiceFacts,
    StructureFacts,
    missing_references,
    note_structure,
    read_directory,
    structure_of,
)
from contracts.parties.models import Budget
from contracts.parties.register import commit_funds
from foundation.errors import Refusal
from foundation.jobs.queue import Moment
from tests.billing.chorus_server import chorus_server, says
from tests.billing.test_invoices import TODAY, URL
from tests.billing.test_issue_under_stress import multiply
from tests.chain import accepted_settlement, company, signed_agreement

D = Decimal
NOW = dt.datetime(2026, 1, 20, 9, tzinfo=dt.UTC)
SIRET = "20000000800010"
# An invoice of these tests is of 443.48 EUR, VAT included.


@pytest.fixture
def drafted(dbsession):
    """Return a session, a draft, and the budget it is addressed to."""
    company(dbsession)
    settlement = accepted_settlement(dbsession, signed_agreement(dbsession))
    return dbsession, draft(dbsession, settlement, base_url=URL, today=TODAY), settlement.agreement.budget


def rules(session, invoice, today=TODAY):
    check(session, invoice, today=today)
    return [one["rule"] for one in invoice.problems]


def test_the_commitment_of_the_year_with_enough_left_is_the_one_named(drafted):
    session, invoice, budget = drafted
    small = commit_funds(session, budget, year=2026, number="2026-A", amount=D(100))
    large = commit_funds(session, budget, year=2026, number="2026-B", amount=D(1000))
    session.expire(budget)
    assert rules(session, invoice) == []
    issue(session, invoice, today=TODAY)
    assert invoice.snapshot["purchase_order_reference"] == "2026-B"
    assert (left_of(session, large), left_of(session, small)) == (D("556.52"), D(100))
    note = issue(session, check(session, cancel(session, invoice, reason="Erreur", today=TODAY)), today=TODAY)
    assert note.snapshot["purchase_order_reference"] == "2026-B"
    assert left_of(session, large) == D(1000)


def test_an_exceeded_commitment_is_said_before_issue_and_refused_at_issue(drafted):
    session, invoice, budget = drafted
    known = commit_funds(session, budget, year=2026, number="2026-1", amount=D("443.47"))
    session.expire(budget)
    assert rules(session, invoice) == ["ENGAGEMENT"]
    assert "il reste 443,47" in invoice.problems[0]["sentence"].lower()
    known.amount = D("443.48")
    assert rules(session, invoice) == []
    known.amount = D(10)
    with pytest.raises(Refusal, match="demandez à la collectivité de l'augmenter"):
        issue(session, invoice, today=TODAY)
    assert invoice.number is None


def test_an_expired_commitment_is_refused_and_a_longer_one_is_not(drafted):
    session, invoice, budget = drafted
    known = commit_funds(session, budget, year=2026, number="2025-1", amount=D(5000))
    session.expire(budget)
    assert rules(session, invoice) == []
    late = dt.date(2027, 1, 10)
    with pytest.raises(Refusal, match="a expiré le 31 décembre 2026"):
        issue(session, invoice, today=late)
    known.expires_on = dt.date(2027, 1, 31)
    assert issue(session, invoice, today=late).number == "F2027-0001"


def test_a_draft_of_december_takes_the_commitment_of_january(drafted):
    session, invoice, budget = drafted
    commit_funds(session, budget, year=2025, number="2025-1", amount=D(5000))
    commit_funds(session, budget, year=2026, number="2026-1", amount=D(5000))
    session.expire(budget)
    rules(session, invoice, dt.date(2025, 12, 20))
    assert invoice.snapshot["purchase_order_reference"] == "2025-1"
    with pytest.raises(Refusal, match="faites vérifier à nouveau"):
        issue(session, invoice, today=TODAY)
    assert rules(session, invoice) == []
    assert invoice.snapshot["purchase_order_reference"] == "2026-1"
    issue(session, invoice, today=TODAY)


def test_two_invoices_at_once_do_not_share_the_last_euros_of_a_commitment(database):
    with database.sessions().begin() as session:
        company(session)
        multiply(session, 2)
        budget = session.scalars(select(Budget)).one()
        commit_funds(session, budget, year=2026, number=budget.commitment_number, amount=D(600))
        ids = session.scalars(select(Invoice.id)).all()
    outcomes, barrier = [], threading.Barrier(2)

    def work(invoice_id):
        barrier.wait()
        try:
            with database.sessions("worker").begin() as session:
                outcomes.append(issue(session, session.get_one(Invoice, invoice_id), today=TODAY).number)
        except Refusal as refusal:
            outcomes.append(refusal.sentence)

    threads = [threading.Thread(target=work, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(outcomes) == "F2026-0001"
    assert "il reste 156,52" in max(outcomes)


def test_what_the_budget_or_the_directory_demands_is_demanded(drafted):
    session, invoice, budget = drafted
    budget.service_code, budget.commitment_number = None, None
    assert rules(session, invoice) == []
    budget.service_code_required = budget.commitment_required = True
    assert rules(session, invoice) == ["CHORUS-SERVICE", "CHORUS-ENGAGEMENT"]
    budget.service_code_required = budget.commitment_required = False
    note_structure(session, StructureFacts(budget.siret, one_of_both_required=True), source="api", now=NOW)
    assert rules(session, invoice) == ["CHORUS-REFERENCE"]
    budget.service_code = "COMPTA"
    facts = StructureFacts(
        budget.siret,
        services=(ServiceFacts("FINANCES", commitment_required=True), ServiceFacts("ANCIEN", active=False)),
    )
    note_structure(session, facts, source="api", now=NOW)
    assert rules(session, invoice) == ["CHORUS-SERVICE"]
    assert "il a : FINANCES." in invoice.problems[0]["sentence"]
    budget.service_code = "ANCIEN"
    assert rules(session, invoice) == ["CHORUS-SERVICE"]
    budget.service_code = "FINANCES"
    assert rules(session, invoice) == ["CHORUS-ENGAGEMENT"]
    budget.commitment_number = "2026-7"
    assert rules(session, invoice) == []
    assert (invoice.snapshot["buyer_reference"], invoice.snapshot["purchase_order_reference"]) == ("FINANCES", "2026-7")
    note_structure(session, StructureFacts(budget.siret, known=False), source="api", now=NOW)
    assert "CHORUS-SIRET" in rules(session, invoice)


def test_the_directory_is_asked_as_documented(drafted):
    session, _, budget = drafted
    with chorus_server() as portal:
        portal.structures[budget.siret] = {
            "id": 25461,
            "name": "VILLE",
            "rules": {"codeServiceDoitEtreRenseigne": True, "statutMiseEnPaiementNestPasRemonte": True},
            "services": [("FINANCES", True, True), ("ANCIEN", False, False)],
        }
        tasks.administer(portal.access)
        try:
            moment = Moment(NOW, TODAY)
            assert tasks.ask_structure(session, {"siret": budget.siret}, moment)["known"]
            assert not tasks.ask_structure(session, {"siret": "20000001600016"}, moment)["known"]
            portal.wrong.append(("/structures/v1/consulter", says(502)))
            with pytest.raises(Refusal, match="relancez plus tard"):
                tasks.ask_structure(session, {"siret": budget.siret}, moment)
        finally:
            tasks.administer(None)
    known = structure_of(session, budget)
    assert (known.name, known.service_code_required, known.commitment_required) == ("VILLE", True, False)
    assert not known.payment_told
    assert [(one.code, one.active, one.commitment_required) for one in known.services] == [
        ("ANCIEN", False, False), ("FINANCES", True, True),
    ]  # fmt: skip


def test_a_service_that_is_no_longer_listed_is_closed(dbsession):
    for services in (("A", "B"), ("B",)):
        facts = StructureFacts(SIRET, services=tuple(ServiceFacts(one) for one in services))
        known = note_structure(dbsession, facts, source="file", now=NOW)
    assert [(one.code, one.active) for one in known.services] == [("A", False), ("B", True)]


HEADER = ";".join(COLUMNS)
GOOD = "20000000800017;VILLE;oui;non;FINANCES;Finances;oui;OUI"


def test_the_directory_as_a_file():
    second = "20000000800017;VILLE;oui;non;ECOLES;Écoles;non;non"
    [one] = read_directory(f"{HEADER}\n{GOOD}\n{second}".encode("utf-8-sig"))
    assert (one.name, one.service_code_required, one.commitment_required) == ("VILLE", True, False)
    assert [(s.code, s.active, s.commitment_required) for s in one.services] == [
        ("FINANCES", True, True), ("ECOLES", False, False),
    ]  # fmt: skip
    assert read_directory(f"{HEADER}\n{GOOD}".replace(";", ",").encode()) == read_directory(
        f"{HEADER}\n{GOOD}".encode()
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "nomme ses colonnes"),
        (b"\xff\xfe", "UTF-8"),
        (HEADER.encode(), "aucune structure"),
        (f"{HEADER}\n{GOOD.replace('20000000800017', '20000000800018')}".encode(), "Ligne 2"),
        (f"{HEADER}\n{GOOD.replace('OUI', 'peut-être')}".encode(), "écrivez oui ou non"),
        (f"{HEADER}\n20000000800017;VILLE".encode(), None),
        (f"{HEADER}\n{GOOD};de;trop".encode(), None),
        (f'{HEADER}\n"20000000800017;VILLE'.encode(), "illisible"),
    ],
)
def test_a_file_that_is_none_says_its_line(content, why):
    if why is None:
        assert len(read_directory(content)) == 1
        return
    with pytest.raises(Refusal, match=why):
        read_directory(content)


def test_a_budget_nobody_asked_about_demands_what_it_says_itself(drafted):
    _, _, budget = drafted
    assert missing_references(budget, None, service_code="", commitment_number="") == []
