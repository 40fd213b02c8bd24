"""Reports of a year and the account of a settlement: their figures are those of the data, frozen, tagged, kept once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from baseline.documents.pages import print_pages
from billing.invoices.register import check, draft, issue
from billing.receivables.register import receive, spread
from billing.reports.models import ReportDocument
from billing.reports.register import documents_of, make_account, make_board, make_municipality, pages_of
from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.tenancy import bind_actor
from tests.billing.test_invoices import TODAY, URL
from tests.chain import SIRENS, accepted_settlement, company, signed_agreement

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture
def year(dbsession):
    """Return a municipality whose 2025 is settled, invoiced and half paid."""
    company(dbsession)
    agreement = signed_agreement(dbsession)
    settlement = accepted_settlement(dbsession, agreement)
    invoice = check(dbsession, draft(dbsession, settlement, base_url=URL, today=TODAY))
    issue(dbsession, invoice, today=TODAY)
    payment = receive(
        dbsession,
        agreement.shareholder,
        day=TODAY,
        amount=Decimal("100.00"),
        reference="M1",
        payer="Trésorerie",
        by="Claire",
        today=TODAY,
    )
    spread(dbsession, payment, by="Claire")
    return dbsession, agreement.shareholder, settlement, invoice


def said(document):
    reader = PdfReader(BytesIO(document.attachment.content))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_a_municipality_reads_the_figures_of_its_data(year):
    session, town, settlement, invoice = year
    made = make_municipality(session, town, 2025, FRENCH, now=NOW, today=NOW.date())
    reader, words = said(made)
    assert len(reader.pages) <= 8
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert len(made.attachment.content) < 1_000_000
    for figure in (
        FRENCH.euros(settlement.avoided_value),
        FRENCH.euros(settlement.share_to_date),
        FRENCH.kwh(settlement.lines[0].report.avoided_energy_kwh),
    ):
        assert " ".join(figure.split()) in words
    assert "OPERAT, annexe VII" in words
    assert made.shareholder_id == town.id == made.attachment.shareholder_id
    assert made.facts["money"]["avoided"] == f"{settlement.avoided_value:f}"
    assert made.facts["money"]["invoiced_for"] == f"{invoice.gross:f}"
    assert made.facts["money"]["invoiced"] == "0.00", "issued in 2026, it is of that year's money"


def test_the_account_is_one_page_with_every_figure_of_the_settlement(year):
    session, town, settlement, _invoice = year
    made = make_account(session, settlement, FRENCH, now=NOW)
    reader, words = said(made)
    assert len(reader.pages) == 1
    for amount in (settlement.avoided_value, settlement.share_to_date, settlement.amount):
        assert " ".join(FRENCH.euros(amount).split()) in words
    assert settlement.lines[0].report.sha256[:8] in words
    assert made.shareholder_id == town.id
    assert make_account(session, settlement, FRENCH, now=NOW + dt.timedelta(days=9)) is made


def test_thirteen_boundaries_are_one_page_of_account(year):
    session, _town, settlement, _invoice = year
    facts = make_account(session, settlement, FRENCH, now=NOW).facts
    many = {**facts, "lines": [{**facts["lines"][0], "label": f"École publique {n}"} for n in range(13)]}
    pdf = print_pages(pages_of("account", many, "0" * 64, FRENCH), instant=NOW, language=FRENCH)
    assert len(PdfReader(BytesIO(pdf)).pages) == 1


def test_the_board_reads_what_was_proven_invoiced_and_received(year):
    session, town, settlement, invoice = year
    made = make_board(session, 2026, FRENCH, now=NOW, today=NOW.date())
    [row] = [one for one in made.facts["shareholders"] if one["name"] == town.name]
    assert (row["invoiced"], row["received"]) == (f"{invoice.gross:f}", "100.00")
    assert row["remaining"] == f"{invoice.gross - 100:f}"
    before = make_board(session, 2025, FRENCH, now=NOW, today=NOW.date())
    [row] = [one for one in before.facts["shareholders"] if one["name"] == town.name]
    assert row["avoided"] == f"{settlement.avoided_value:f}"
    assert row["avoided_kwh"] == f"{settlement.lines[0].report.avoided_energy_kwh:f}"
    assert " ".join(FRENCH.euros(settlement.avoided_value).split()) in said(before)[1]


def test_the_same_facts_are_the_same_bytes_and_other_facts_another_edition(year):
    session, town, _settlement, _invoice = year
    first = make_municipality(session, town, 2025, FRENCH, now=NOW, today=NOW.date())
    again = print_pages(pages_of("municipality", first.facts, first.sha256, FRENCH), instant=NOW, language=FRENCH)
    assert again == first.attachment.content
    later = NOW + dt.timedelta(days=3)
    assert make_municipality(session, town, 2025, FRENCH, now=later, today=later.date()) is first
    town.name = "Ville renommée"
    session.flush()
    second = make_municipality(session, town, 2025, FRENCH, now=later, today=later.date())
    assert [one.id for one in documents_of(session, "municipality", shareholder_id=town.id)] == [second.id, first.id]


def test_a_year_that_is_not_over_has_no_report(year):
    session, town, _settlement, _invoice = year
    with pytest.raises(Refusal, match="n'est pas finie"):
        make_municipality(session, town, 2026, FRENCH, now=NOW, today=NOW.date())


def test_each_reader_sees_its_own_and_the_board_is_the_spl(database):
    with database.sessions().begin() as session:
        company(session)
        ours, theirs = (signed_agreement(session, siren) for siren in SIRENS[:2])
        ours_id, theirs_id = ours.shareholder_id, theirs.shareholder_id
        settlement = accepted_settlement(session, ours).id
        accepted_settlement(session, theirs)
    with database.sessions("worker").begin() as session:
        for owner in (ours_id, theirs_id):
            make_municipality(session, session.get_one(Shareholder, owner), 2025, FRENCH, now=NOW, today=NOW.date())
        make_board(session, 2025, FRENCH, now=NOW, today=NOW.date())
        make_account(session, session.get_one(Settlement, settlement), FRENCH, now=NOW)
    mine = {("municipality", ours_id), ("account", ours_id)}
    others = {("municipality", theirs_id)}
    for actor, seen in (
        (Actor(Role.OPERATOR, account_id=1), {*mine, *others, ("board", None)}),
        (Actor(Role.SHAREHOLDER, account_id=2, shareholder_id=ours_id), mine),
        (Actor(Role.SHAREHOLDER, account_id=3, shareholder_id=theirs_id), others),
    ):
        with database.sessions("web")() as session:
            bind_actor(session, actor)
            rows = session.scalars(select(ReportDocument)).all()
            assert {(one.kind, one.shareholder_id) for one in rows} == seen
            assert all(one.attachment.content.startswith(b"%PDF") for one in rows)
