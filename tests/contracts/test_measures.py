"""Measures: only what the SPL brought is shared, once, and only where the saving reaches the payer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.measures.register import add_grant, record_measure, share_measure
from contracts.sites.register import hold, register_building, register_site
from foundation.errors import Refusal
from tests.billing.agreement_example import draft, town

DAY = dt.date(2022, 10, 1)


@pytest.fixture
def school(dbsession):
    owner = town(dbsession)
    site = register_site(dbsession, name="École", city="Kermelo", timezone="Europe/Paris")
    building = register_building(dbsession, site, name="Élémentaire", use="école")
    hold(dbsession, building, owner, start=dt.date(2020, 1, 1))
    return owner, building


def measure(session, building, **changes):
    facts = {"title": "Régulation", "done_on": DAY, "paid_by": "spl", "cost": Decimal(4000), **changes}
    return record_measure(session, building, **facts)


def test_what_the_spl_brought_is_shared_once_with_its_grants(dbsession, school):
    owner, building = school
    one = measure(dbsession, building)
    add_grant(dbsession, one, kind="grant", source="Région", amount=Decimal(500))
    add_grant(dbsession, one, kind="cee", source="CEE-1", amount=Decimal(900), kwh_cumac=Decimal(120_000))
    agreement = draft(dbsession, owner)
    assert share_measure(dbsession, one, agreement).clause == ""
    assert [grant.amount for grant in one.grants] == [500, 900]
    with pytest.raises(Refusal, match="déjà partagée par l'accord PAYS-1"):
        share_measure(dbsession, one, draft(dbsession, owner, number="PAYS-2"))


def test_what_another_brought_is_shared_by_an_explicit_clause_only(dbsession, school):
    owner, building = school
    one = measure(dbsession, building, paid_by="shareholder")
    agreement = draft(dbsession, owner)
    with pytest.raises(Refusal, match="sauf clause expresse"):
        share_measure(dbsession, one, agreement)
    assert share_measure(dbsession, one, agreement, clause="article 7").clause == "article 7"


def test_a_saving_shared_with_an_operator_or_out_of_reach_is_refused_with_the_reason(dbsession, school):
    owner, building = school
    agreement = draft(dbsession, owner)
    with pytest.raises(Refusal, match="déjà partagée avec Dalkor"):
        share_measure(dbsession, measure(dbsession, building, shared_with="Dalkor"), agreement)
    with pytest.raises(Refusal, match="payé à prix fixe"):
        share_measure(dbsession, measure(dbsession, building), agreement, hindrances=["« P » est payé à prix fixe."])
    other = draft(
        dbsession, town(dbsession, name="Ailleurs", siren="200000024", siret="20000002400014"), number="PAYS-9"
    )
    with pytest.raises(Refusal, match="n'est pas de la collectivité"):
        share_measure(dbsession, measure(dbsession, building), other)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": ""}, "ce qui a été fait"),
        ({"paid_by": "operator"}, "Nommez qui a payé"),
        ({"cost": Decimal(-1)}, "négatif"),
        ({"done_on": dt.date(2010, 1, 1)}, "Personne ne détenait"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(dbsession, school, change, sentence):
    with pytest.raises(Refusal, match=sentence):
        measure(dbsession, school[1], **change)


def test_certificates_are_counted_in_kwh_cumac(dbsession, school):
    one = measure(dbsession, school[1])
    with pytest.raises(Refusal, match="kWh cumac"):
        add_grant(dbsession, one, kind="cee", source="CEE-1", amount=Decimal(900))
