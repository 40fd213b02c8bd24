"""Whether a saving reaches who pays, on these days, and if not the sentence why (truth 7)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from contracts.parties.register import register_shareholder
from devices.points.boundaries.register import register_boundary
from devices.points.models import PointPayment
from devices.points.payers import Contract, Payment, hindrances
from devices.points.payments import hindrances_of, set_payment, subscribe_power, subscribed_kw
from devices.points.register import register_point
from foundation.errors import Refusal
from tests.devices.meters import school_point

JANUARY, MARCH, JULY, NEXT_YEAR = (
    dt.date(2026, 1, 1),
    dt.date(2026, 3, 1),
    dt.date(2026, 7, 1),
    dt.date(2027, 1, 1),
)
SUPPLY = Payment(JANUARY, None, Contract.SUPPLY, "Kermelo", 1, "Fournisseur")


def test_a_saving_reaches_who_pays_per_kwh():
    assert hindrances("PRM", [SUPPLY], JANUARY, NEXT_YEAR) == []
    assert hindrances("PRM", [SUPPLY], JANUARY, NEXT_YEAR, shareholder=1) == []


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (Contract.FIXED_PRICE, "prix fixe à Dalkia"),
        (Contract.PROFIT_SHARE, "exploité par Dalkia avec intéressement"),
        (Contract.RECHARGED, "refacturée par Kermelo à un occupant"),
    ],
)
def test_each_contract_that_keeps_the_saving_says_why_and_when(contract, words):
    heat = Payment(MARCH, JULY, contract, "Kermelo", 1, "Dalkia")
    payments = [
        Payment(JANUARY, MARCH, Contract.SUPPLY, "Kermelo", 1),
        heat,
        Payment(JULY, None, Contract.SUPPLY, "K", 1),
    ]
    (one,) = hindrances("Chaufferie", payments, JANUARY, NEXT_YEAR)
    assert (one.start, one.end, one.code) == (MARCH, JULY, contract)
    assert one.sentence.startswith("Du 01/03/2026 au 30/06/2026, ")
    assert words in one.sentence


def test_another_payer_is_named():
    (one,) = hindrances("PRM", [SUPPLY], JANUARY, NEXT_YEAR, shareholder=2)
    assert one.code == "other_payer"
    assert "payé par Kermelo" in one.sentence


def test_days_nobody_is_said_to_pay_are_not_taken_for_paid():
    late = Payment(MARCH, JULY, Contract.SUPPLY, "Kermelo", 1)
    found = hindrances("PRM", [late], JANUARY, NEXT_YEAR)
    assert [(one.start, one.end, one.code) for one in found] == [
        (JANUARY, MARCH, "unknown"),
        (JULY, NEXT_YEAR, "unknown"),
    ]
    assert "dites-le sur la page de ce point" in found[0].sentence


@given(
    st.lists(st.integers(0, 400), min_size=2, max_size=12, unique=True),
    st.lists(st.sampled_from([None, *Contract]), min_size=12, max_size=12),
    st.integers(0, 400),
    st.integers(1, 200),
)
def test_every_day_is_either_paid_for_or_hindered_once(edges, contracts, first, length):
    days = [JANUARY + dt.timedelta(days=edge) for edge in sorted(edges)]
    told = zip(days, days[1:], contracts, strict=False)
    payments = [Payment(start, end, contract, "K", 1, "S") for start, end, contract in told if contract]
    start = JANUARY + dt.timedelta(days=first)
    end = start + dt.timedelta(days=length)
    found = hindrances("P", payments, start, end)
    for offset in range(length):
        day = start + dt.timedelta(days=offset)
        paid = [one for one in payments if one.start <= day < one.end]
        hindered = [one for one in found if one.start <= day < one.end]
        assert bool(hindered) == (not paid or paid[0].contract is not Contract.SUPPLY)
        assert len(hindered) <= 1
    assert all(start <= one.start < one.end <= end for one in found)


def kermelo(session):
    return register_shareholder(session, name="Kermelo", siren="200000016", street="", postcode="", city="Kermelo")


def test_a_new_contract_ends_the_one_before_and_nothing_of_it_is_lost(dbsession):
    point, town = school_point(dbsession), kermelo(dbsession)
    set_payment(dbsession, point, contract="fixed_price", payer=town, supplier="Dalkia", start=JANUARY)
    set_payment(dbsession, point, contract="supply", payer=town, start=JULY)
    assert [(one.period, one.contract) for one in point.payments] == [
        (Range(JANUARY, JULY), "fixed_price"),
        (Range(JULY, None), "supply"),
    ]
    with pytest.raises(Refusal, match="choisissez une période libre"):
        set_payment(dbsession, point, contract="supply", payer=town, start=MARCH)
    dbsession.add(PointPayment(point_id=point.id, period=Range(MARCH, None), contract="supply", payer_id=town.id))
    with pytest.raises(IntegrityError, match="ex_point_payment_one_payer"):
        dbsession.flush()


def test_a_payer_is_a_shareholder_or_a_name(dbsession):
    point, town = school_point(dbsession), kermelo(dbsession)
    for who in ({}, {"payer": town, "payer_name": "Association"}):
        with pytest.raises(Refusal, match="l'un des deux"):
            set_payment(dbsession, point, contract="supply", start=JANUARY, **who)
    assert set_payment(dbsession, point, contract="recharged", payer_name="Association", start=JANUARY).payer is None


def test_a_boundary_asks_for_what_it_draws_on_the_days_it_counts_it(dbsession):
    drawn, town = school_point(dbsession, "Soutirage"), kermelo(dbsession)
    made = register_point(dbsession, drawn.building, name="Panneaux", energy="photovoltaic")
    set_payment(dbsession, drawn, contract="supply", payer=town, start=JANUARY)
    boundary = register_boundary(
        dbsession,
        name="École",
        energy="electricity",
        buildings=[drawn.building],
        terms=[(drawn, Decimal(1)), (made, Decimal(1))],
        start=JANUARY,
    )
    assert hindrances_of(dbsession, boundary, JANUARY, NEXT_YEAR, shareholder=town.id) == []
    (one,) = hindrances_of(dbsession, boundary, dt.date(2025, 1, 1), NEXT_YEAR, shareholder=town.id + 1)
    assert (one.start, one.end, one.code) == (JANUARY, NEXT_YEAR, "other_payer")


def test_subscribed_power_has_dates(dbsession):
    point = school_point(dbsession)
    subscribe_power(dbsession, point, power=Decimal(36), unit="kVA", start=JANUARY)
    subscribe_power(dbsession, point, power=Decimal(42), unit="kW", start=JULY)
    days = (JANUARY - dt.timedelta(days=1), JANUARY, JULY - dt.timedelta(days=1), JULY)
    assert [subscribed_kw(dbsession, point.id, day) for day in days] == [None, 36, 36, 42]
    with pytest.raises(Refusal, match="kVA ou en kW"):
        subscribe_power(dbsession, point, power=Decimal(1), unit="W", start=NEXT_YEAR)
