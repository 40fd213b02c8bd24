"""A building changes hands, a shareholder leaves: each party keeps its own period, and sees it alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import text

from contracts.agreements.departures import complete, leave
from contracts.agreements.register import add_price, annex, sign
from contracts.measures.register import record_measure
from contracts.parties.capital import owned_on
from contracts.parties.register import commit_funds, commitments_for, edit_budget, register_shareholder
from contracts.sites.register import hold, register_building, register_site
from contracts.sites.transfers import merge, sell, transfer
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.tenancy import bind_actor
from tests.billing.agreement_example import START, draft, town
from tests.contracts.test_agreements_register import SIGNATURE

BEGIN = dt.date(2020, 1, 1)
SALE = dt.date(2025, 7, 1)


def two_towns(session):
    first = town(session)
    second = register_shareholder(
        session, name="Communauté", siren="200000024", street="1", postcode="56000", city="C", kind="intercommunality"
    )
    site = register_site(session, name="Centre", city="Kermelo", timezone="Europe/Paris")
    buildings = [register_building(session, site, name=name, use="école") for name in ("École", "Mairie")]
    for building in buildings:
        hold(session, building, first, start=BEGIN)
    return first, second, buildings


def periods(building):
    return [
        (one.shareholder.name, one.period.lower, one.period.upper, one.origin)
        for one in sorted(building.holdings, key=lambda one: one.period.lower)
    ]


def test_a_sale_ends_one_holding_and_begins_the_next_the_same_day(dbsession):
    _, second, [school, hall] = two_towns(dbsession)
    sell(dbsession, school, second, on=SALE, act="Acte du 12/06/2025")
    dbsession.refresh(school)
    assert periods(school) == [
        ("Kermelo", BEGIN, SALE, "declared"),
        ("Communauté", SALE, None, "sale"),
    ]
    assert [one[0] for one in periods(hall)] == ["Kermelo"]
    with pytest.raises(Refusal, match="détient déjà"):
        sell(dbsession, school, second, on=dt.date(2026, 1, 1), act="Acte")
    with pytest.raises(Refusal, match="Indiquez l'acte"):
        sell(dbsession, hall, second, on=SALE, act=" ")
    with pytest.raises(Refusal, match="Personne ne détient"):
        sell(dbsession, hall, second, on=dt.date(2019, 1, 1), act="Acte")


def test_a_merger_passes_all_and_a_transfer_what_serves_the_competence(dbsession):
    first, second, [school, hall] = two_towns(dbsession)
    with pytest.raises(Refusal, match="ni une intercommunalité ni un syndicat"):
        transfer(dbsession, second, first, [school.id], on=SALE, act="Délibération 12")
    assert len(transfer(dbsession, first, second, [school.id], on=SALE, act="Délibération 12")) == 1
    third = register_shareholder(
        dbsession, name="Commune nouvelle", siren="200000032", street="1", postcode="56000", city="N"
    )
    [passed] = merge(dbsession, first, third, on=dt.date(2026, 1, 1), act="Arrêté 7")
    assert (passed.building, passed.origin) == (hall, "merger")
    with pytest.raises(Refusal, match="ne détient rien"):
        merge(dbsession, first, third, on=dt.date(2026, 2, 1), act="Arrêté 8")


def test_each_party_of_a_sale_sees_its_own_period_only(database):
    with database.sessions().begin() as session:
        first, second, [school, _] = two_towns(session)
        record_measure(session, school, title="Régulation", done_on=dt.date(2024, 1, 1), paid_by="spl")
        sell(session, school, second, on=SALE, act="Acte")
        record_measure(session, school, title="Éclairage", done_on=dt.date(2026, 1, 1), paid_by="spl")
        commit_funds(session, first.budgets[0], year=2025, number="2025-1", amount=Decimal(100))
        people = (first.id, second.id)

    def seen(who, query):
        with database.sessions("web")() as session:
            bind_actor(session, Actor(Role.SHAREHOLDER, account_id=1, shareholder_id=who))
            return session.scalars(text(query)).all()

    held = "SELECT lower(period) FROM contracts.holding WHERE building_id = (SELECT min(id) FROM contracts.building)"
    assert [seen(who, held) for who in people] == [[BEGIN], [SALE]]
    assert [seen(who, "SELECT title FROM contracts.measure") for who in people] == [["Régulation"], ["Éclairage"]]
    assert [seen(who, "SELECT number FROM contracts.commitment") for who in people] == [["2025-1"], []]
    assert [len(seen(who, "SELECT id FROM contracts.capital_share")) for who in people] == [1, 0]


def test_who_leaves_owes_nothing_afterwards_and_has_things_to_do(dbsession):
    owner = town(dbsession)
    agreement = draft(dbsession, owner)
    add_price(dbsession, agreement, energy="electricity", start=START, end=None, price=Decimal("0.20"))
    annex(dbsession, agreement, "Plan de mesure", "a" * 64)
    sign(dbsession, agreement, **SIGNATURE)
    with pytest.raises(Refusal, match="après la sortie"):
        leave(dbsession, owner, on=START, reason="Retrait")
    departure = leave(dbsession, owner, on=SALE, reason="Retrait")
    assert (agreement.state, agreement.ended_on) == ("ended", SALE)
    assert not owned_on(dbsession, owner, SALE)
    assert {task.code for task in departure.tasks} == {"settlement", "sensors", "keys", "data", "capital"}
    keys = next(task for task in departure.tasks if task.code == "keys")
    assert keys.due_on == SALE + dt.timedelta(days=30)
    complete(dbsession, keys, on=SALE, note="Deux badges")
    with pytest.raises(Refusal, match="déjà fait"):
        complete(dbsession, keys, on=SALE)
    with pytest.raises(Refusal, match="déjà sortie"):
        leave(dbsession, owner, on=SALE, reason="Retrait")


def test_a_budget_commits_funds_by_year(dbsession):
    [budget] = town(dbsession).budgets
    one = commit_funds(dbsession, budget, year=2026, number="2026-1", amount=Decimal(5000))
    commit_funds(dbsession, budget, year=2027, number="2027-1", amount=Decimal(6000))
    assert commitments_for(dbsession, budget, 2026) == [one]
    for change, sentence in (
        ({"number": "2026-1"}, "déjà enregistré"),
        ({"amount": Decimal(0)}, "supérieur à zéro"),
        ({"year": 26}, "quatre chiffres"),
        ({"expires_on": dt.date(2025, 1, 1)}, "expirerait avant"),
    ):
        with pytest.raises(Refusal, match=sentence):
            commit_funds(dbsession, budget, **{"year": 2026, "number": "X", "amount": Decimal(1), **change})
    with pytest.raises(Refusal, match="entre 0 et 1"):
        edit_budget(dbsession, budget, vat_recovery=Decimal(2))
    assert edit_budget(dbsession, budget, vat_recovery=Decimal("0.5")).vat_recovery == Decimal("0.5")
