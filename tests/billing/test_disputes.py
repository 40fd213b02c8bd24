"""A dispute from end to end: in time, with its documents, answered, given to an expert, decided, then completed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from billing.settlements.disputes import Evidence, add_document, answer, decide, dispute, name_expert
from billing.settlements.models import DisputeStep, Settlement
from billing.settlements.register import accept, complement, propose, review
from contracts.agreements.terms.data import Deadlines
from contracts.parties.register import the_company
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.tenancy import bind_actor
from tests.billing.agreement_example import HALF, START, report, signed, town
from tests.chain import company

D = Decimal
YEAR_END = dt.date(2024, 1, 1)
TODAY = dt.date(2024, 1, 10)
DAY = dt.timedelta(days=1)
LETTER = Evidence("courrier.pdf", "application/pdf", b"%PDF le chauffage")


@pytest.fixture
def two(dbsession):
    """Return an agreement over two buildings, and its plans, a year measured."""
    agreement, plans = signed(dbsession, town(dbsession), "École", "Mairie")
    for plan in plans:
        report(dbsession, plan, START, YEAR_END, avoided="10")
    return agreement, plans


def disputed(session, agreement, *, today=TODAY):
    """Return a settlement of which the town hall's line is disputed."""
    proposed = propose(session, agreement, start=START, end=YEAR_END, today=TODAY)
    lines = [line for line in proposed.lines if line.label == "Mairie"]
    return dispute(session, proposed, lines=lines, reason="Éteint.", by="La maire", today=today, evidence=[LETTER])


def test_it_is_filed_within_the_days_of_the_agreement(dbsession, two):
    agreement, _ = two
    with pytest.raises(Refusal, match="fini le 09/02/2024"):
        disputed(dbsession, agreement, today=TODAY + 31 * DAY)


def test_on_the_last_day_it_is_in_time(dbsession, two):
    settlement = disputed(dbsession, two[0], today=TODAY + 30 * DAY)
    [filed] = settlement.dispute_steps
    assert (filed.kind, filed.party, filed.day) == ("filed", "shareholder", TODAY + 30 * DAY)
    assert filed.due_on == TODAY + 60 * DAY, "the SPL has thirty days to answer"
    assert filed.attachment.content == LETTER.content
    assert filed.attachment.shareholder_id == settlement.shareholder_id


def test_what_is_not_disputed_is_payable_and_what_was_maintained_is_asked_for_at_once(dbsession, two):
    agreement, _ = two
    settlement = disputed(dbsession, agreement)
    rest = accept(dbsession, propose(dbsession, agreement, start=START, end=YEAR_END, today=TODAY), by="M", today=TODAY)
    assert [(line.label, line.amount) for line in rest.lines] == [("École", D("365.00"))]
    with pytest.raises(Refusal, match="Rien n'a bougé"):
        complement(dbsession, agreement, today=TODAY)
    answer(dbsession, settlement, outcome="maintained", text="Relevé joint.", by="SPL", today=TODAY + DAY)
    decide(dbsession, settlement, outcome="maintained", decision="Les deux parties.", by="SPL", today=TODAY + 2 * DAY)
    following = complement(dbsession, agreement, today=TODAY + 3 * DAY)
    assert (following.kind, following.period, following.outcome) == ("complement", rest.period, "invoice")
    assert [(line.label, line.amount) for line in following.lines if line.amount] == [("Mairie", D("365.00"))]
    with pytest.raises(Refusal, match="attend l'accord de la collectivité"):
        complement(dbsession, agreement, today=TODAY)
    accept(dbsession, following, by="La maire", today=TODAY + 4 * DAY)
    with pytest.raises(Refusal, match="Rien n'a bougé"):
        complement(dbsession, agreement, today=TODAY)


def test_what_is_corrected_follows_the_new_report(dbsession, two):
    agreement, plans = two
    settlement = disputed(dbsession, agreement)
    accept(dbsession, propose(dbsession, agreement, start=START, end=YEAR_END, today=TODAY), by="M", today=TODAY)
    report(dbsession, plans[1], START, YEAR_END, avoided="6")
    decide(dbsession, settlement, outcome="corrected", decision="Un relais était collé.", by="SPL", today=TODAY)
    following = complement(dbsession, agreement, today=TODAY)
    assert [(line.label, line.amount) for line in following.lines if line.amount] == [("Mairie", D("219.00"))]
    assert settlement.dispute["outcome"] == "corrected"


def test_the_spl_answers_before_an_expert_is_named_or_lets_its_days_pass(dbsession, two):
    settlement = disputed(dbsession, two[0])
    named = {"expert": "Bureau Kerdreux", "party": "shareholder", "by": "La maire"}
    with pytest.raises(Refusal, match="peut répondre jusqu'au 09/02/2024"):
        name_expert(dbsession, settlement, **named, today=TODAY + 30 * DAY)
    step = name_expert(dbsession, settlement, **named, today=TODAY + 31 * DAY)
    assert step.due_on == TODAY + 91 * DAY
    with pytest.raises(Refusal, match="déjà nommé"):
        name_expert(dbsession, settlement, **named, today=TODAY + 32 * DAY)
    add_document(dbsession, settlement, document=LETTER, party="spl", by="SPL", today=TODAY + 33 * DAY)
    answer(dbsession, settlement, outcome="maintained", text="Tard, mais voici.", by="SPL", today=TODAY + 34 * DAY)
    with pytest.raises(Refusal, match="déjà répondu"):
        answer(dbsession, settlement, outcome="maintained", text="Encore", by="SPL", today=TODAY + 34 * DAY)
    decide(dbsession, settlement, outcome="corrected", decision="L'expert.", by="SPL", today=TODAY + 60 * DAY)
    assert [step.kind for step in settlement.dispute_steps] == ["filed", "expert", "added", "answered", "decided"]
    for late in (
        lambda: add_document(dbsession, settlement, document=LETTER, party="spl", by="SPL", today=TODAY),
        lambda: answer(dbsession, settlement, outcome="maintained", text="x", by="SPL", today=TODAY),
    ):
        with pytest.raises(Refusal, match="tranchée"):
            late()


def test_deadlines_are_those_of_the_agreement(dbsession):
    terms = replace(HALF, deadlines=Deadlines(dispute_days=5))
    agreement, [plan] = signed(dbsession, town(dbsession), "Mairie", terms=terms)
    report(dbsession, plan, START, YEAR_END, avoided="10")
    with pytest.raises(Refusal, match="fini le 15/01/2024"):
        disputed(dbsession, agreement, today=TODAY + 6 * DAY)


def test_what_was_said_never_changes_and_a_municipality_speaks_for_itself_only(database):
    with database.sessions("owner").begin() as session:
        agreement, [plan] = signed(session, town(session), "Mairie")
        report(session, plan, START, YEAR_END, avoided="10")
        key = propose(session, agreement, start=START, end=YEAR_END, today=TODAY).id
        mine = agreement.shareholder_id
        theirs = town(session, name="Ailleurs", siren="200000024", siret="20000002400014").id
    with database.sessions("web").begin() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, shareholder_id=mine))
        seen = session.get_one(Settlement, key)
        dispute(session, seen, lines=seen.lines, reason="Non", by="M", today=TODAY, evidence=[LETTER])
        add_document(session, seen, document=LETTER, party="shareholder", by="M", today=TODAY)
    for spoken in (
        lambda session, seen: answer(session, seen, outcome="maintained", text="Oui", by="M", today=TODAY),
        lambda session, seen: decide(session, seen, outcome="corrected", decision="Oui", by="M", today=TODAY),
        lambda session, seen: add_document(session, seen, document=LETTER, party="spl", by="SPL", today=TODAY),
    ):
        with database.sessions("web")() as session:
            bind_actor(session, Actor(Role.SHAREHOLDER, shareholder_id=mine))
            with pytest.raises((DBAPIError, StaleDataError)):
                spoken(session, session.get_one(Settlement, key))
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, shareholder_id=theirs))
        assert session.get(Settlement, key) is None
        assert session.query(DisputeStep).count() == 0
    with database.sessions("owner")() as session, pytest.raises(DBAPIError, match="never"):
        session.execute(text("UPDATE billing.dispute_step SET text = 'autre'"))


CLAIRE, PAUL = (Actor(Role.OPERATOR, number, None, name) for number, name in enumerate(("Claire", "Paul"), start=1))


@pytest.mark.parametrize("limit", ["364.99", "365.00"])
def test_above_the_limit_a_second_person_reads_it(dbsession, limit):
    company(dbsession)
    the_company(dbsession).second_review_above = D(limit)
    agreement, [plan] = signed(dbsession, town(dbsession), "École")
    report(dbsession, plan, START, YEAR_END, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=YEAR_END, today=TODAY, by=CLAIRE)
    assert settlement.needs_review is (limit == "364.99")
    if settlement.needs_review:
        with pytest.raises(Refusal, match="relu par une deuxième personne"):
            accept(dbsession, settlement, by="La maire", today=TODAY)
        with pytest.raises(Refusal, match="Vous l'avez proposé"):
            review(dbsession, settlement, by=CLAIRE, today=TODAY)
        namesake = Actor(Role.OPERATOR, 7, None, "Claire")
        review(dbsession, settlement, by=namesake, today=TODAY)
        assert (settlement.state, settlement.reviewed_by) == ("reviewed", "Claire")
    else:
        review(dbsession, settlement, by=CLAIRE, today=TODAY)
    accept(dbsession, settlement, by="La maire", today=TODAY)
    with pytest.raises(Refusal, match="n'est plus à relire"):
        review(dbsession, settlement, by=PAUL, today=TODAY)


def test_the_database_itself_demands_the_second_person(dbsession):
    company(dbsession)
    the_company(dbsession).second_review_above = D(1)
    agreement, [plan] = signed(dbsession, town(dbsession), "École")
    report(dbsession, plan, START, YEAR_END, avoided="10")
    propose(dbsession, agreement, start=START, end=YEAR_END, today=TODAY, by=CLAIRE)
    with pytest.raises(DBAPIError, match="reviewed_first"), dbsession.begin_nested():
        dbsession.execute(
            text("UPDATE billing.settlement SET state = 'accepted', accepted_on = '2024-01-10', accepted_by = 'M'")
        )
