"""Indicators of a year: what they are, and when the data do not suffice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baseline.indicators.factors import BASE_EMPREINTE, OPERAT, final_kwh
from baseline.indicators.rules import (
    Indicator,
    MeasuredYear,
    decree_path,
    emissions,
    heating_degree_days,
    intensity,
    ranks,
    together,
)

WHOLE = MeasuredYear("electricity", Decimal(36500), 365, 365, Decimal(40000), Decimal(5000), 365)


def test_gas_is_final_energy_in_net_calorific_value():
    assert final_kwh("gas", Decimal(111)) == 100
    assert final_kwh("electricity", Decimal(111)) == 111


def test_a_year_is_measured_corrected_and_compared():
    assert intensity(WHOLE.year_kwh, Decimal(365)).value == 100
    assert WHOLE.corrected_kwh.value == 35000, "the reference year less what was avoided"
    assert decree_path(Decimal(1000)) == {2030: 600, 2040: 500, 2050: 400}


@pytest.mark.parametrize(
    ("indicator", "why"),
    [
        (MeasuredYear("gas", Decimal(10), 300, 365).year_kwh, "trop peu mesurée"),
        (MeasuredYear("gas", Decimal(10), 365, 365).corrected_kwh, "sans rapport"),
        (MeasuredYear("gas", Decimal(10), 365, 365).reference_final_kwh, "sans plan"),
        (MeasuredYear("gas", Decimal(9), 365, 365, Decimal(9), Decimal(1), 200).corrected_kwh, "trop peu mesurée"),
        (intensity(WHOLE.year_kwh, None), "surface inconnue"),
        (together([]), "aucune énergie"),
        (emissions([MeasuredYear("heat", Decimal(1), 365, 365)], OPERAT), "facteur"),
        (heating_degree_days({}, 365), "températures"),
    ],
)
def test_without_enough_data_it_says_why(indicator, why):
    assert not indicator.enough
    assert why in indicator.why


def test_each_set_of_factors_gives_its_own_carbon():
    assert emissions([WHOLE], OPERAT).value == Decimal("2336.000")
    assert emissions([WHOLE], BASE_EMPREINTE).value == Decimal("1898.000")


def test_degree_days_count_what_misses_to_eighteen():
    days = {dt.date(2025, 1, 1) + dt.timedelta(days=n): Decimal(8 if n % 2 else 25) for n in range(365)}
    assert heating_degree_days(days, 365).value == 182 * 10


@given(st.integers(330, 365), st.decimals(1, 10**6, places=3))
def test_missing_days_are_added_in_proportion(days, kwh):
    measured = MeasuredYear("electricity", kwh * days, days, 365)
    assert abs(measured.year_kwh.value - kwh * 365) < Decimal("0.001")


@given(st.dictionaries(st.integers(), st.one_of(st.none(), st.decimals(0, 1000, places=1)), max_size=9))
def test_ranks_follow_values_and_leave_out_what_has_none(values):
    found = ranks({key: Indicator(value, "" if value is not None else "?") for key, value in values.items()})
    assert set(found) == {key for key, value in values.items() if value is not None}
    for one in found:
        assert found[one] == 1 + sum(values[other] < values[one] for other in found)
