"""Degree days: the cases in which methods, bases and missing values part."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baseline.weather.degree_days import (
    Extremes,
    Method,
    Use,
    account,
    degree_days,
    heating_season,
    hourly_extremes,
    published_extremes,
)
from baseline.weather.observed import Observed

METEO, COSTIC = Method.METEO, Method.COSTIC
HEATING, COOLING = Use.HEATING, Use.COOLING
temperatures = st.decimals(-40, 50, places=1)


def dd(tn, tx, base="18", method=COSTIC, use=HEATING):
    return degree_days(Extremes(tn and Decimal(tn), tx and Decimal(tx)), Decimal(base), method, use)


@pytest.mark.parametrize(
    ("tn", "tx", "method", "expected"),
    [
        ("2", "10", METEO, "12"),
        ("2", "10", COSTIC, "12"),
        ("14", "24", METEO, "0"),
        # 4 × (0.08 + 0.42 × 4 / 10): a day whose mean is above the base still has cold hours.
        ("14", "24", COSTIC, "0.992"),
        ("18", "25", COSTIC, "0"),
        # Continuous where the maximum touches the base: half of base minus minimum, by both.
        ("10", "18", COSTIC, "4"),
        ("10", "18", METEO, "4"),
        ("18", "18", COSTIC, "0"),
        ("17", "17", COSTIC, "1"),
        ("-5", "5", COSTIC, "18"),
    ],
)
def test_heating(tn, tx, method, expected):
    assert dd(tn, tx, method=method) == Decimal(expected)


@pytest.mark.parametrize(
    ("tn", "tx", "method", "expected"),
    [
        ("20", "30", METEO, "7"),
        ("20", "30", COSTIC, "7"),
        ("12", "22", METEO, "0"),
        ("12", "22", COSTIC, "0.992"),
        ("10", "18", COSTIC, "0"),
    ],
)
def test_cooling(tn, tx, method, expected):
    assert dd(tn, tx, method=method, use=COOLING) == Decimal(expected)


def test_another_base_is_another_figure():
    assert dd("2", "10", base="17") == Decimal(11)
    assert dd("2", "10", base="15.5") == Decimal("9.5")


@pytest.mark.parametrize(("tn", "tx"), [(None, "10"), ("2", None), (None, None), ("10", "2")])
@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("use", list(Use))
def test_a_missing_or_contradictory_extreme_makes_no_figure(tn, tx, method, use):
    assert dd(tn, tx, method=method, use=use) is None


@given(temperatures, temperatures, temperatures)
def test_the_professional_method_never_counts_less_than_the_mean(one, other, base):
    day = Extremes(min(one, other), max(one, other))
    for use in Use:
        meteo, costic = (degree_days(day, base, method, use) for method in Method)
        assert 0 <= meteo <= costic + Decimal("0.09") * (day.tx - day.tn)
        if base > day.tx or base <= day.tn:
            assert meteo == costic if use is HEATING or not day.tn <= base <= day.tx else True


@given(temperatures, temperatures, temperatures)
def test_heating_less_cooling_is_base_less_mean_by_the_meteo_method(one, other, base):
    day = Extremes(min(one, other), max(one, other))
    assert degree_days(day, base, METEO, HEATING) - degree_days(day, base, METEO, COOLING) == base - (one + other) / 2


def test_missing_days_are_counted_and_never_made_up():
    days = {dt.date(2024, 1, n): Extremes(Decimal(0), Decimal(10)) for n in range(1, 31)}
    days[dt.date(2024, 1, 30)] = Extremes(None, Decimal(10))
    made = account(days, dt.date(2024, 1, 1), dt.date(2024, 2, 2), method=METEO)
    january, february = made.months
    assert (january.heating, january.days, january.missing) == (Decimal(13) * 29, 29, 2)
    assert (february.heating, february.days, february.missing) == (0, 0, 1)
    assert made.total() == (dt.date(2024, 1, 1), Decimal(13) * 29, 0, 29, 3)


def test_the_season_has_232_days_or_one_more():
    assert [(end - start).days for start, end in (heating_season(2022), heating_season(2023))] == [232, 233]


def test_a_doubtful_extreme_is_none():
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    known = published_extremes(
        [Observed("TN", day, Decimal(1), 2), Observed("TX", day, Decimal(9), 1), Observed("TM", day, Decimal(5))]
    )
    assert known == {day.date(): Extremes(None, Decimal(9))}


def test_extremes_of_hours_are_the_services_own_days():
    start = dt.datetime(2023, 12, 31, 18, tzinfo=dt.UTC)
    hours = {start + n * dt.timedelta(hours=1): Decimal(n) for n in range(48)}
    made = hourly_extremes(hours)
    # TN of the first: after 18 h the day before until 18 h; TX: after 6 h until 6 h the day after.
    assert made[dt.date(2024, 1, 1)] == Extremes(Decimal(1), Decimal(36))
    assert made[dt.date(2024, 1, 2)].tn is None


def test_a_long_gap_leaves_a_day_without_extremes_a_short_one_does_not():
    start = dt.datetime(2023, 12, 31, 0, tzinfo=dt.UTC)
    hours = {start + n * dt.timedelta(hours=1): Decimal(n % 24) for n in range(96)}
    for n in range(30, 36):
        del hours[start + n * dt.timedelta(hours=1)]
    assert hourly_extremes(hours)[dt.date(2024, 1, 1)].known
    del hours[start + 36 * dt.timedelta(hours=1)]
    assert not hourly_extremes(hours)[dt.date(2024, 1, 1)].known
