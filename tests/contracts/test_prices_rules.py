"""What avoided energy is worth, day by day, at the price of the day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.prices.rules import Price, Schedule, mean_price, price_on, value
from foundation.errors import Refusal

D = Decimal
NEW_YEAR = dt.date(2024, 1, 1)
AUGUST = dt.date(2024, 8, 1)
WINTER = Price(NEW_YEAR, AUGUST, D("0.18"))
SUMMER = Price(AUGUST, None, D("0.1525"))
ELECTRICITY = Schedule("electricity", (SUMMER, WINTER))


def day(number: int) -> dt.date:
    return NEW_YEAR + dt.timedelta(days=number)


def test_each_day_has_the_price_in_force_on_it():
    assert price_on(ELECTRICITY, dt.date(2024, 7, 31)) == WINTER
    assert price_on(ELECTRICITY, AUGUST) == SUMMER
    assert price_on(ELECTRICITY, dt.date(2031, 1, 1)) == SUMMER


def test_energy_is_added_price_by_price_and_multiplied_once():
    valuation = value(
        ELECTRICITY,
        {dt.date(2024, 7, 30): D("100.5"), dt.date(2024, 7, 31): D("-20.25"), AUGUST: D("33.333")},
    )
    winter, summer = valuation.slices
    assert (winter.price, winter.days, winter.energy_kwh, winter.amount) == (WINTER, 2, D("80.25"), D("14.45"))
    assert (summer.price, summer.days, summer.energy_kwh, summer.amount) == (SUMMER, 1, D("33.333"), D("5.08"))
    assert valuation.energy_kwh == D("113.583")
    assert valuation.amount == D("19.53")


def test_no_day_is_worth_nothing():
    assert value(ELECTRICITY, {}).amount == 0
    assert mean_price(ELECTRICITY, {}) == 0


def test_a_hole_in_the_prices_names_the_days():
    holed = Schedule(
        "gas", (Price(NEW_YEAR, dt.date(2024, 3, 1), D("0.08")), Price(dt.date(2024, 3, 16), AUGUST, D("0.09")))
    )
    days = {day(number): D(1) for number in range(214)}
    with pytest.raises(Refusal, match=r"Gaz : pas de prix du 01/03/2024 au 15/03/2024, le 01/08/2024 ; complétez"):
        value(holed, days)
    with pytest.raises(Refusal, match=r"le 31/12/2023"):
        price_on(holed, dt.date(2023, 12, 31))


def test_two_prices_for_one_day_are_refused():
    with pytest.raises(Refusal, match="se chevauchent le 1er août 2024"):
        Schedule("gas", (Price(NEW_YEAR, dt.date(2024, 9, 1), D("0.08")), SUMMER))
    with pytest.raises(Refusal, match="se chevauchent"):
        Schedule("gas", (Price(NEW_YEAR, None, D("0.08")), SUMMER))


@pytest.mark.parametrize("price", ["0", "-0.1", "NaN", "Infinity", "0.1234567"])
def test_what_is_not_a_price_is_refused(price):
    with pytest.raises(Refusal, match="Le prix du kWh"):
        Price(NEW_YEAR, None, D(price))


def test_a_price_that_ends_before_it_begins_is_refused():
    with pytest.raises(Refusal, match="La fin d'un prix"):
        Price(AUGUST, NEW_YEAR, D("0.1"))


def test_the_mean_price_follows_the_energy_and_without_energy_the_days():
    two_days = {dt.date(2024, 7, 31): D(300), AUGUST: D(-100)}
    assert mean_price(ELECTRICITY, two_days) == (Fraction("0.18") * 3 + Fraction("0.1525")) / 4
    assert mean_price(ELECTRICITY, dict.fromkeys(two_days, D(0))) == Fraction("0.16625")


daily = st.dictionaries(
    st.integers(0, 365).map(day), st.integers(-(10**7), 10**7).map(lambda wh: D(wh).scaleb(-3)), max_size=40
)


@given(daily, st.randoms())
def test_the_order_of_days_changes_nothing(days, random):
    shuffled = list(days.items())
    random.shuffle(shuffled)
    assert value(ELECTRICITY, dict(shuffled)) == value(ELECTRICITY, days)


@given(daily)
def test_every_kwh_is_valued_once_and_the_amount_is_within_half_a_cent_a_price(days):
    valuation = value(ELECTRICITY, days)
    assert valuation.energy_kwh == sum(days.values())
    assert sum(part.days for part in valuation.slices) == len(days)
    exact = sum(Fraction(price_on(ELECTRICITY, one).per_kwh) * Fraction(energy) for one, energy in days.items())
    assert abs(Fraction(valuation.amount) - exact) <= Fraction(len(valuation.slices), 200)


@given(daily, st.integers(0, 365).map(day), st.integers(1, 10**6).map(lambda wh: D(wh).scaleb(-3)))
def test_more_avoided_energy_is_never_worth_less(days, when, more):
    raised = {**days, when: days.get(when, D(0)) + more}
    assert value(ELECTRICITY, raised).amount >= value(ELECTRICITY, days).amount
