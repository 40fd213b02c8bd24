"""The four cases of truth 1, down to kWh; versions leave the past as it was counted, and signed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from baseline.plans.models import MeasurementPlan
from baseline.plans.register import plan_document
from contracts.parties.register import register_shareholder
from contracts.sites.register import hold, register_building, register_site
from devices.energy.derive import boundary_daily
from devices.energy.models import DailyEnergy
from devices.points.boundaries.register import (
    KeyOf,
    change_boundary,
    end_boundary,
    register_boundary,
    share_point,
    term_of,
)
from devices.points.boundaries.sums import versions_of
from devices.points.register import register_point
from devices.points.shares import Share, weighed
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from tests.chain import SIRENS, signed_agreement

MONDAY = dt.date(2026, 3, 2)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + dt.timedelta(days=day) for day in (1, 2, 3))
ONE = Decimal(1)


@pytest.fixture
def campus(dbsession):
    site = register_site(dbsession, name="Groupe scolaire", city="Kermelo", timezone="Europe/Paris")
    names = ("École", "Cantine", "Gymnase", "Logement du gardien")
    return {name: register_building(dbsession, site, name=name, use=name) for name in names}


def used(session, point, *kwh):
    """Let `point` have used `kwh` on Monday, Tuesday, and so on."""
    for offset, one in enumerate(kwh):
        day = MONDAY + dt.timedelta(days=offset)
        session.add(
            DailyEnergy(
                point_id=point.id, day=day, kwh=Decimal(one), hours_measured=24, hours_expected=24, reason="measured"
            )
        )
    session.flush()


def kwh_of(session, boundary, end=THURSDAY):
    return [row.kwh for row in boundary_daily(session, boundary, MONDAY, end)]


def electricity(session, buildings, terms, name="Périmètre", start=MONDAY):
    return register_boundary(
        session, name=name, energy="electricity", buildings=list(buildings), terms=terms, start=start
    )


def said(boundary):
    terms = [term_of(t.point.name, t.share, t.period) for t in boundary.terms if not t.period.isempty]
    return [(version.start, version.end, version.words) for version in versions_of(terms)]


def test_one_meter_serves_four_buildings(dbsession, campus):
    point = register_point(dbsession, campus["École"], name="PRM", energy="electricity", identifier="12345678901234")
    boundary = electricity(dbsession, campus.values(), [(point, ONE)])
    used(dbsession, point, 100, "120.5", 90)
    assert kwh_of(dbsession, boundary) == [100, Decimal("120.5"), 90]
    assert {building.name for building in boundary.buildings} == set(campus)
    assert said(boundary) == [(MONDAY, None, "PRM")]


def test_one_boiler_room_for_four_buildings_and_two_owners(dbsession, campus):
    town, county = (
        register_shareholder(dbsession, name=name, siren=siren, street="", postcode="", city=name)
        for name, siren in zip(("Kermelo", "Agglomération"), SIRENS, strict=False)
    )
    for name, building in campus.items():
        hold(dbsession, building, county if name == "Gymnase" else town, start=dt.date(2020, 1, 1))
    boiler = register_point(dbsession, campus["École"], name="Chaufferie", energy="heat")
    keys = {"École": "0.45", "Cantine": "0.15", "Gymnase": "0.3", "Logement du gardien": "0.1"}
    parts = [KeyOf(f"{name}, chaleur", [campus[name]], Decimal(key)) for name, key in keys.items()]
    boundaries = share_point(dbsession, boiler, parts, start=MONDAY)
    used(dbsession, boiler, 1000)
    shares = [kwh_of(dbsession, one, TUESDAY)[0] for one in boundaries]
    assert shares == [450, 150, 300, 100]
    assert sum(shares) == 1000
    assert said(boundaries[0]) == [(MONDAY, None, "0,45 × Chaufferie")]


def test_a_third_is_a_third(dbsession, campus):
    boiler = register_point(dbsession, campus["École"], name="Chaufferie", energy="heat")
    three = list(campus)[:3]
    parts = [KeyOf(name, [campus[name]], Fraction(1, 3)) for name in three]
    boundaries = share_point(dbsession, boiler, parts, start=MONDAY)
    used(dbsession, boiler, "99.999", 100)
    assert [kwh_of(dbsession, one, WEDNESDAY) for one in boundaries] == [
        [Decimal("33.333"), Decimal("33.333333333333")]
    ] * 3
    assert said(boundaries[0]) == [(MONDAY, None, "1/3 × Chaufferie")]
    dbsession.expire_all()
    assert sum(term.share.exact for one in boundaries for term in one.terms) == 1
    with pytest.raises(Refusal, match="compté 5/6 fois"):
        share_point(
            dbsession, boiler, [KeyOf(three[0], [], Fraction(1, 3)), KeyOf(three[1], [], Fraction(1, 2))], start=TUESDAY
        )


@given(
    st.lists(st.fractions(-2, 2, max_denominator=30), min_size=1, max_size=5),
    st.lists(st.decimals(0, 10**6, places=6), min_size=5, max_size=5),
)
def test_shares_of_any_kind_make_the_energy_they_say_and_are_read_as_written(shares, energies):
    parts = [(Share.of(one), kwh) for one, kwh in zip(shares, energies, strict=False)]
    exact = sum(one * Fraction(kwh) for one, kwh in zip(shares, energies, strict=False))
    assert abs(Fraction(weighed(parts)) - exact) <= Fraction(1, 10**12)
    if all(share.divisor == 1 for share, _ in parts):
        assert weighed(parts) == exact
    assert [Share.read(share.written).exact for share, _ in parts] == shares


@pytest.mark.parametrize("keys", [("0.5", "0.4"), ("0.5", "0.6"), ("1", "1"), ("0.35",)])
def test_keys_that_do_not_make_one_are_refused(dbsession, campus, keys):
    boiler = register_point(dbsession, campus["École"], name="Chaufferie", energy="heat")
    names = list(campus)
    parts = [KeyOf(names[place], [campus[names[place]]], Decimal(key)) for place, key in enumerate(keys)]
    with pytest.raises(Refusal, match="ses clés doivent faire 1"):
        share_point(dbsession, boiler, parts, start=MONDAY)


def test_a_point_is_not_counted_whole_by_two_boundaries_on_the_same_days(dbsession, campus):
    point = register_point(dbsession, campus["École"], name="PRM", energy="electricity")
    first = electricity(dbsession, [campus["École"]], [(point, ONE)])
    with pytest.raises(Refusal, match="02/03/2026, « PRM » serait compté 2 fois"), dbsession.begin_nested():
        electricity(dbsession, [campus["Cantine"]], [(point, ONE)], name="Autre")
    end_boundary(dbsession, first, end=WEDNESDAY)
    second = electricity(dbsession, [campus["Cantine"]], [(point, ONE)], name="Autre", start=WEDNESDAY)
    used(dbsession, point, 10, 20, 30)
    assert kwh_of(dbsession, first) == [10, 20, None]
    assert kwh_of(dbsession, second) == [None, None, 30]


def test_keys_change_for_all_at_once(dbsession, campus):
    boiler = register_point(dbsession, campus["École"], name="Chaufferie", energy="heat")
    school, canteen = campus["École"], campus["Cantine"]

    def shares(*keys):
        return [KeyOf(b.name, [b], Decimal(key)) for b, key in zip((school, canteen), keys, strict=True)]

    before = share_point(dbsession, boiler, shares("0.5", "0.5"), start=MONDAY)
    after = share_point(dbsession, boiler, shares("0.7", "0.3"), start=WEDNESDAY)
    assert before == after, "the same boundaries, in a new version"
    used(dbsession, boiler, 10, 10, 10)
    assert [kwh_of(dbsession, one) for one in after] == [[5, 5, 7], [5, 5, 3]]
    with pytest.raises(Refusal, match="compté"):
        change_boundary(dbsession, after[0], terms=[(boiler, Decimal("0.6"))], start=THURSDAY)
    share_point(dbsession, boiler, [KeyOf("École", [school], ONE)], start=THURSDAY)
    assert said(after[1])[-1][1] == THURSDAY, "who is not named any more stops counting"


def test_what_hangs_behind_the_meter_is_deducted(dbsession, campus):
    whole = register_point(dbsession, campus["École"], name="Général", energy="electricity")
    antenna = register_point(dbsession, campus["École"], name="Antenne", energy="electricity")
    charger = register_point(dbsession, campus["École"], name="Borne", energy="electricity")
    boundary = electricity(dbsession, [campus["École"]], [(whole, ONE), (antenna, -ONE), (charger, -ONE)])
    electricity(dbsession, [campus["École"]], [(antenna, ONE)], name="Antenne seule")
    used(dbsession, whole, 100, 110)
    used(dbsession, antenna, 12, 12)
    used(dbsession, charger, "7.5", 0)
    assert kwh_of(dbsession, boundary, WEDNESDAY) == [Decimal("80.5"), 98]
    assert said(boundary) == [(MONDAY, None, "Général \u2212 Antenne \u2212 Borne")]


def test_photovoltaic_added_later_is_a_new_version_and_the_old_one_keeps_its_days(dbsession, campus):
    school = campus["École"]
    drawn = register_point(dbsession, school, name="Soutirage", energy="electricity", identifier="12345678901234")
    boundary = electricity(dbsession, [school], [(drawn, ONE)])
    given = register_point(
        dbsession, school, name="Injection", energy="electricity", direction="export", identifier="12345678901234"
    )
    made = register_point(dbsession, school, name="Panneaux", energy="photovoltaic")
    sum_with_sun = [(drawn, ONE), (made, ONE), (given, -ONE)]
    change_boundary(dbsession, boundary, terms=sum_with_sun, start=WEDNESDAY)
    used(dbsession, drawn, 100, 100, 60)
    used(dbsession, made, 0, 0, 55)
    used(dbsession, given, 0, 0, 15)
    assert kwh_of(dbsession, boundary) == [100, 100, 100]
    assert said(boundary) == [
        (MONDAY, WEDNESDAY, "Soutirage"),
        (WEDNESDAY, None, "Soutirage + Panneaux \u2212 Injection"),
    ]


def test_what_is_given_away_is_never_added(dbsession, campus):
    given = register_point(dbsession, campus["École"], name="Injection", energy="electricity", direction="export")
    with pytest.raises(Refusal, match="se retire"):
        electricity(dbsession, [campus["École"]], [(given, ONE)])


def test_a_mistake_is_put_right_from_its_first_day_on(dbsession, campus):
    right, wrong = (
        register_point(dbsession, campus["École"], name=name, energy="electricity") for name in ("Bon", "Faux")
    )
    boundary = electricity(dbsession, [campus["École"]], [(wrong, ONE)])
    change_boundary(dbsession, boundary, terms=[(right, ONE)], start=MONDAY)
    assert said(boundary) == [(MONDAY, None, "Bon")]
    electricity(dbsession, [campus["Cantine"]], [(wrong, ONE)], name="Autre")


def test_a_version_is_not_slipped_in_before_a_later_one(dbsession, campus):
    first, second = (
        register_point(dbsession, campus["École"], name=name, energy="electricity") for name in ("Un", "Deux")
    )
    boundary = electricity(dbsession, [campus["École"]], [(first, ONE)])
    change_boundary(dbsession, boundary, terms=[(first, ONE), (second, ONE)], start=WEDNESDAY)
    with pytest.raises(Refusal, match="change déjà le 04/03/2026"):
        change_boundary(dbsession, boundary, terms=[(second, ONE)], start=TUESDAY)


def test_the_signed_past_is_never_edited(dbsession):
    """The plan of 2023 counts from 2025, and a report covers that year."""
    signed_agreement(dbsession)
    boundary = dbsession.scalars(select(MeasurementPlan)).one().boundary
    school = boundary.buildings[0]
    panels = register_point(dbsession, school, name="Panneaux", energy="photovoltaic")
    terms = [(boundary.terms[0].point, ONE), (panels, ONE)]
    with pytest.raises(Refusal, match="figé jusqu'au 31/12/2025"), dbsession.begin_nested():
        change_boundary(dbsession, boundary, terms=terms, start=dt.date(2025, 6, 1))
    with pytest.raises(Refusal, match="à partir du 01/01/2026"), dbsession.begin_nested():
        end_boundary(dbsession, boundary, end=dt.date(2025, 6, 1))
    change_boundary(dbsession, boundary, terms=terms, start=dt.date(2026, 1, 1))
    assert len(said(boundary)) == 2
    with pytest.raises(IntegrityError, match="ne change ni de coefficient"), dbsession.begin_nested():
        dbsession.execute(text("UPDATE devices.boundary_term SET coefficient = 2"))


def test_a_new_version_leaves_the_frozen_plan_as_it_was_signed(dbsession):
    signed_agreement(dbsession)
    plan = dbsession.scalars(select(MeasurementPlan)).one()
    boundary = plan.boundary
    panels = register_point(dbsession, boundary.buildings[0], name="Panneaux", energy="photovoltaic")
    terms = [(boundary.terms[0].point, ONE), (panels, ONE)]
    change_boundary(dbsession, boundary, terms=terms, start=dt.date(2026, 1, 1))
    assert canonical_sha256(plan_document(plan)) == plan.sha256
