"""Settlements in the database: proposed from reports, accepted once, counted as billed, disputed line by line."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing.settlements.disputes import decide, dispute
from billing.settlements.models import Settlement
from billing.settlements.register import accept, propose
from contracts.agreements.terms.data import LateData, Share
from contracts.agreements.terms.explanation import Step
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.tenancy import bind_actor
from tests.billing.agreement_example import HALF, START, draft, report, signed, town

D = Decimal
SPRING = dt.date(2023, 4, 1)
YEAR_END = dt.date(2024, 1, 1)
NEXT_END = dt.date(2025, 1, 1)
LATER = dt.date(2025, 1, 15)


@pytest.fixture
def shareholder(dbsession):
    return town(dbsession)


@pytest.fixture
def school(dbsession, shareholder):
    """Return the agreement and the one plan of a school."""
    agreement, [plan] = signed(dbsession, shareholder, "École")
    return agreement, plan


def settle(session, agreement, start, end, *, today=LATER) -> Settlement:
    return accept(session, propose(session, agreement, start=start, end=end, today=today), by="La maire", today=today)


def test_a_year_is_proposed_with_its_lines_and_its_explanation(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, YEAR_END, avoided="10", half_width="400", missing=5)
    settlement = propose(dbsession, agreement, start=START, end=YEAR_END, today=YEAR_END)
    # 360 days × 10 kWh × 0.20 € = 720 €; half of it.
    assert (settlement.state, settlement.outcome) == ("proposed", "invoice")
    assert (settlement.avoided_value, settlement.baseline_value) == (D("720.00"), D("7200.00"))
    assert (settlement.share_to_date, settlement.already_billed, settlement.amount) == (D("360.00"), 0, D("360.00"))
    assert settlement.shareholder_id == agreement.shareholder_id
    [line] = settlement.lines
    assert (line.label, line.avoided_energy_kwh, line.mean_price, line.share) == ("École", 3600, D("0.20"), D("0.5"))
    assert line.half_width_value == D("80.00")
    assert line.prices == [
        {"start": "2023-01-01", "end": None, "price": "0.200000", "days": 360, "kwh": "3600.000", "euros": "720.00"}
    ]
    sentences = [step["sentence"] for step in settlement.evaluation["steps"]]
    assert "jours sans résultat, qui ne rapportent rien : 5" in sentences[1]
    assert Step.from_json(settlement.evaluation["steps"][-1]).sentence(FRENCH) == sentences[-1]
    assert settlement.evaluation["terms"] == agreement.terms


def test_instalments_and_balance_make_the_year(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, SPRING, avoided="10", half_width="100")
    first = settle(dbsession, agreement, START, SPRING)
    # 90 days × 10 kWh = 900 kWh, 800 of them proven: half of 160 €.
    assert first.amount == D("80.00")
    report(dbsession, plan, START, YEAR_END, avoided="10", half_width="400")
    balance = settle(dbsession, agreement, SPRING, YEAR_END)
    assert (balance.share_to_date, balance.already_billed, balance.amount) == (D("365.00"), D("80.00"), D("285.00"))


def test_what_was_billed_too_much_waits_and_is_kept(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, SPRING, avoided="10")
    settle(dbsession, agreement, START, SPRING)
    report(dbsession, plan, START, dt.date(2023, 7, 1), avoided="2")
    summer = settle(dbsession, agreement, SPRING, dt.date(2023, 7, 1))
    assert (summer.outcome, summer.amount, summer.waiting) == ("waits", 0, D("53.80"))
    assert [(line.owed, line.billed, line.amount) for line in summer.lines] == [(D("36.20"), D("90.00"), 0)]
    report(dbsession, plan, START, YEAR_END, avoided="1")
    balance = settle(dbsession, agreement, dt.date(2023, 7, 1), YEAR_END)
    assert (balance.outcome, balance.amount, balance.waiting) == ("credit_note", D("-53.50"), 0)


def test_the_newest_report_counts_and_late_data_are_a_line_of_the_next_settlement(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, YEAR_END, avoided="10")
    settle(dbsession, agreement, START, YEAR_END, today=dt.date(2024, 2, 1))
    report(dbsession, plan, START, YEAR_END, avoided="12")
    report(dbsession, plan, YEAR_END, NEXT_END, avoided="10")
    following = settle(dbsession, agreement, YEAR_END, NEXT_END, today=dt.date(2025, 2, 1))
    assert [(line.label, line.year, line.amount) for line in following.lines] == [
        ("École (année 1)", 1, D("73.00")),
        ("École", 2, D("366.00")),
    ]
    assert (following.amount, following.share_to_date) == (D("439.00"), D("366.00"))


def test_late_data_beyond_the_limits_of_the_terms_change_nothing(dbsession, shareholder):
    terms = replace(HALF, late_data=LateData(months=12, amount=D("50.00")))
    agreement, [plan] = signed(dbsession, shareholder, "École", terms=terms)
    report(dbsession, plan, START, YEAR_END, avoided="10")
    settle(dbsession, agreement, START, YEAR_END, today=dt.date(2024, 2, 1))
    report(dbsession, plan, START, YEAR_END, avoided="12")
    report(dbsession, plan, YEAR_END, NEXT_END, avoided="0")
    assert settle(dbsession, agreement, YEAR_END, NEXT_END, today=dt.date(2025, 2, 1)).amount == D("50.00")
    after = dt.date(2026, 1, 1)
    report(dbsession, plan, START, YEAR_END, avoided="20")
    report(dbsession, plan, NEXT_END, after, avoided="0")
    assert settle(dbsession, agreement, NEXT_END, after, today=dt.date(2026, 2, 1)).outcome == "nothing"


def test_a_negative_year_is_kept_and_lowers_the_next(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, YEAR_END, avoided="-5")
    bad = settle(dbsession, agreement, START, YEAR_END)
    assert (bad.outcome, bad.amount, bad.avoided_value) == ("nothing", 0, D("-365.00"))
    assert len(bad.lines) == 1
    report(dbsession, plan, YEAR_END, NEXT_END, avoided="10")
    # 366 days × 2 € = 732 €, less the deficit of 365 €: half of 367 €.
    assert settle(dbsession, agreement, YEAR_END, NEXT_END).amount == D("183.50")


def test_lines_sum_to_the_cent(dbsession, shareholder):
    agreement, plans = signed(
        dbsession, shareholder, "École", "Mairie", "Gymnase", terms=replace(HALF, yearly_cap=D("100.00"))
    )
    for plan in plans:
        report(dbsession, plan, START, YEAR_END, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=YEAR_END, today=YEAR_END)
    assert sorted(line.amount for line in settlement.lines) == [D("33.33"), D("33.33"), D("33.34")]
    assert settlement.amount == D("100.00")


def test_a_third_is_kept_readable(dbsession, shareholder):
    agreement, [plan] = signed(dbsession, shareholder, "École", terms=replace(HALF, shares=(Share(Fraction(1, 3)),)))
    report(dbsession, plan, START, YEAR_END, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=YEAR_END, today=YEAR_END)
    dbsession.expire(settlement)
    assert settlement.lines[0].share == D("0.333333")
    assert settlement.amount == D("243.33")


def test_a_period_is_settled_once_in_order_and_within_a_contract_year(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, SPRING, avoided="10")
    proposed = propose(dbsession, agreement, start=START, end=SPRING, today=LATER)
    with pytest.raises(Refusal, match=r"du 01/01/2023 au 31/03/2023 est déjà réglée \(décompte \d+, proposé\)"):
        propose(dbsession, agreement, start=START, end=SPRING, today=LATER)
    with pytest.raises(Refusal, match="attend l'accord de la collectivité"):
        propose(dbsession, agreement, start=SPRING, end=YEAR_END, today=LATER)
    accept(dbsession, proposed, by="La maire", today=LATER)
    with pytest.raises(Refusal, match="commencez au 01/04/2023"):
        propose(dbsession, agreement, start=dt.date(2023, 5, 1), end=YEAR_END, today=LATER)
    with pytest.raises(Refusal, match=r"L'année 1 de l'accord finit le 31/12/2023"):
        propose(dbsession, agreement, start=SPRING, end=NEXT_END, today=LATER)
    with pytest.raises(Refusal, match="n'a pas de rapport d'économies du 01/01/2023 au 01/01/2024"):
        propose(dbsession, agreement, start=SPRING, end=YEAR_END, today=LATER)
    report(dbsession, plan, START, YEAR_END, avoided="10")
    report(dbsession, plan, YEAR_END, NEXT_END, avoided="10")
    with pytest.raises(Refusal, match="L'année 1 de l'accord n'est pas réglée jusqu'à sa fin"):
        propose(dbsession, agreement, start=YEAR_END, end=NEXT_END, today=LATER)


def test_what_cannot_be_settled_is_refused(dbsession, school, shareholder):
    agreement, plan = school
    with pytest.raises(Refusal, match="avant d'avoir commencé"):
        propose(dbsession, agreement, start=SPRING, end=START, today=LATER)
    with pytest.raises(Refusal, match="hors de l'accord"):
        propose(dbsession, agreement, start=dt.date(2022, 1, 1), end=START, today=LATER)
    report(dbsession, plan, START, YEAR_END, avoided="10")
    with pytest.raises(Refusal, match="La période n'est pas terminée"):
        propose(dbsession, agreement, start=START, end=YEAR_END, today=dt.date(2023, 12, 31))
    with pytest.raises(Refusal, match="n'est pas signé"):
        propose(dbsession, draft(dbsession, shareholder, number="PAYS-2"), start=START, end=YEAR_END, today=LATER)


def test_a_report_at_another_confidence_is_refused(dbsession, school):
    agreement, plan = school
    made = report(dbsession, plan, START, SPRING, avoided="10")
    dbsession.execute(text("ALTER TABLE baseline.savings_report DISABLE TRIGGER append_only"))
    made.confidence_level = 0.8
    dbsession.flush()
    with pytest.raises(Refusal, match=r"donné à 0\.8, l'accord demande 0\.9"):
        propose(dbsession, agreement, start=START, end=SPRING, today=LATER)


def test_an_agreement_without_signed_plan_owes_nothing_yet(dbsession, school):
    agreement, plan = school
    plan.state = "superseded"
    dbsession.flush()
    with pytest.raises(Refusal, match="pas de plan de mesure signé"):
        propose(dbsession, agreement, start=START, end=YEAR_END, today=LATER)


def test_a_settlement_is_accepted_once_by_somebody(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, SPRING, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=SPRING, today=SPRING)
    with pytest.raises(Refusal, match="qui accepte"):
        accept(dbsession, settlement, by=" ", today=SPRING)
    accept(dbsession, settlement, by="La maire", today=SPRING)
    assert (settlement.state, settlement.accepted_on, settlement.accepted_by) == ("accepted", SPRING, "La maire")
    with pytest.raises(Refusal, match="déjà accepté"):
        accept(dbsession, settlement, by="La maire", today=SPRING)


def test_figures_never_change(dbsession, school):
    agreement, plan = school
    report(dbsession, plan, START, SPRING, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=SPRING, today=SPRING)
    for change in (
        "UPDATE billing.settlement SET amount = 1",
        "UPDATE billing.settlement_line SET amount = 0",
        "DELETE FROM billing.settlement_line",
    ):
        with pytest.raises(DBAPIError, match="never"), dbsession.begin_nested():
            dbsession.execute(text(change))
    dbsession.refresh(settlement)
    assert settlement.amount == D("90.00")


def test_a_dispute_holds_its_line_until_it_is_decided(dbsession, shareholder):
    agreement, plans = signed(dbsession, shareholder, "École", "Mairie")
    for plan in plans:
        report(dbsession, plan, START, YEAR_END, avoided="10")
        report(dbsession, plan, YEAR_END, NEXT_END, avoided="10")
    proposed = propose(dbsession, agreement, start=START, end=YEAR_END, today=YEAR_END)
    town_hall = next(line for line in proposed.lines if line.label == "Mairie")
    dispute(dbsession, proposed, lines=[town_hall], reason="Le chauffage était éteint.", by="La maire", today=YEAR_END)
    with pytest.raises(Refusal, match="déjà contesté"):
        accept(dbsession, proposed, by="La maire", today=LATER)

    undisputed = settle(dbsession, agreement, START, YEAR_END)
    assert [(line.label, line.amount) for line in undisputed.lines] == [("École", D("365.00"))]
    assert undisputed.evaluation["held"] == [{"key": [1, town_hall.boundary_id, "electricity"], "amount": "365.00"}]
    assert undisputed.avoided_value == D("1460.00")

    decide(dbsession, proposed, outcome="maintained", decision="L'expert confirme.", by="SPL", today=LATER)
    following = propose(dbsession, agreement, start=YEAR_END, end=NEXT_END, today=LATER)
    assert {line.label: line.amount for line in following.lines} == {
        "Mairie (année 1)": D("365.00"),
        "École": D("366.00"),
        "Mairie": D("366.00"),
    }


def test_a_dispute_says_what_and_why_and_is_decided_once(dbsession, shareholder):
    agreement, [plan] = signed(dbsession, shareholder, "École")
    report(dbsession, plan, START, SPRING, avoided="10")
    proposed = propose(dbsession, agreement, start=START, end=SPRING, today=SPRING)
    facts = {"by": "La maire", "today": SPRING}
    with pytest.raises(Refusal, match="Choisissez les lignes"):
        dispute(dbsession, proposed, lines=[], reason="Non", **facts)
    with pytest.raises(Refusal, match="Dites pourquoi"):
        dispute(dbsession, proposed, lines=proposed.lines, reason=" ", **facts)
    with pytest.raises(Refusal, match="n'est pas contesté"):
        decide(dbsession, proposed, outcome="maintained", decision="Oui", **facts)
    dispute(dbsession, proposed, lines=proposed.lines, reason="Non", **facts)
    with pytest.raises(Refusal, match="ne l'est plus"):
        dispute(dbsession, proposed, lines=proposed.lines, reason="Non", **facts)
    with pytest.raises(Refusal, match="Écrivez la décision"):
        decide(dbsession, proposed, outcome="maintained", decision="", **facts)
    decide(dbsession, proposed, outcome="corrected", decision="Fondé", **facts)
    with pytest.raises(Refusal, match="déjà tranchée"):
        decide(dbsession, proposed, outcome="corrected", decision="Fondé", **facts)


def test_the_municipality_accepts_and_disputes_its_own_and_sees_no_other(database):
    with database.sessions("owner").begin() as session:
        agreement, [plan] = signed(session, town(session), "École")
        report(session, plan, START, SPRING, avoided="10")
        settlement = propose(session, agreement, start=START, end=SPRING, today=SPRING)
        stranger = town(session, name="Ailleurs", siren="200000024", siret="20000002400014")
        mine, theirs, key = agreement.shareholder_id, stranger.id, settlement.id

    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, shareholder_id=theirs))
        assert session.get(Settlement, key) is None
    with database.sessions("web")() as session:
        bind_actor(session, Actor(Role.SHAREHOLDER, shareholder_id=mine))
        seen = session.get_one(Settlement, key)
        dispute(session, seen, lines=seen.lines, reason="Non", by="La maire", today=SPRING)
        session.rollback()
        accept(session, session.get_one(Settlement, key), by="La maire", today=SPRING)
        session.commit()
        with pytest.raises(Refusal, match="déjà accepté"):
            accept(session, session.get_one(Settlement, key), by="La maire", today=SPRING)


def test_an_operator_proposes_under_row_level_security(database):
    with database.sessions("owner").begin() as session:
        agreement, [plan] = signed(session, town(session), "École")
        report(session, plan, START, SPRING, avoided="10")
        number = agreement.id
    for role in ("web", "worker"):
        with database.sessions(role)() as session:
            if role == "web":
                bind_actor(session, Actor(Role.OPERATOR))
            agreement = session.get_one(type(agreement), number)
            assert propose(session, agreement, start=START, end=SPRING, today=SPRING).amount == D("90.00")
            session.rollback()
