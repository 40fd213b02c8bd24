"""The generated weather is Breton enough, and the same whoever asks for whichever hours."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.demonstration.weather import COAST, INLAND, STATIONS, sunlight, temperatures

SEED = 56
YEARS = range(2016, 2028)


def instant(year, month=1, day=1, hour=0):
    return dt.datetime(year, month, day, hour, tzinfo=dt.UTC)


def year_of(station, year, seed=SEED):
    return temperatures(station, instant(year), instant(year + 1), seed)


def degree_days(hourly):
    """Sum 18 - (TN + TX) / 2 over UTC days."""
    days = hourly.reshape(-1, 24)
    return np.maximum(0, 18 - (days.min(axis=1) + days.max(axis=1)) / 2).sum()


@pytest.mark.parametrize("seed", [1, 7, SEED])
def test_the_coast_has_the_climate_of_lorient(seed):
    years = [year_of(COAST, year, seed) for year in YEARS]
    assert 11.5 <= np.mean([year.mean() for year in years]) <= 12.5
    assert 2100 <= np.mean([degree_days(year) for year in years]) <= 2400
    for year in years:
        assert 1900 <= degree_days(year) <= 2650
        assert -12 < year.min() < year.max() < 38


def test_inland_is_colder_and_its_day_wider():
    for year in YEARS:
        coast, inland = year_of(COAST, year), year_of(INLAND, year)
        assert degree_days(inland) > degree_days(coast)
        assert np.ptp(inland.reshape(-1, 24), axis=1).mean() > np.ptp(coast.reshape(-1, 24), axis=1).mean()
        assert np.corrcoef(coast, inland)[0, 1] > 0.95


def test_a_cold_day_follows_a_cold_day():
    daily = np.concatenate([year_of(COAST, year).reshape(-1, 24).mean(axis=1) for year in YEARS])
    season = np.convolve(np.pad(daily, 15, mode="edge"), np.ones(31) / 31, "valid")
    anomaly = daily - season
    assert 0.5 < np.corrcoef(anomaly[1:], anomaly[:-1])[0, 1] < 0.9


def test_some_winter_days_are_more_than_five_degrees_below_the_season():
    for first in range(2016, 2026, 2):
        daily = np.concatenate([year_of(COAST, first + n).reshape(-1, 24).mean(axis=1) for n in range(2)])
        season = 12.15 - 5.6 * np.cos(2 * np.pi * (np.arange(daily.size) % 365.25 - 30) / 365.25)
        assert (daily - season).min() < -5


def test_years_join_without_a_step():
    for year in YEARS:
        around = temperatures(COAST, instant(year, 12, 31, 12), instant(year + 1, 1, 1, 12), SEED)
        assert np.abs(np.diff(around)).max() < 3


@settings(max_examples=25)
@given(st.sampled_from(STATIONS), st.integers(0, 30000), st.integers(1, 12000), st.integers(0, 3))
def test_an_hour_is_the_same_in_any_range(station, offset, length, seed):
    start = instant(2020) + offset * dt.timedelta(hours=1)
    end = start + length * dt.timedelta(hours=1)
    whole = temperatures(station, instant(2020), instant(2026), seed)
    part = temperatures(station, start, end, seed)
    assert len(part) == length
    np.testing.assert_array_equal(part, whole[offset : offset + length])


def test_another_seed_is_other_weather():
    assert not np.array_equal(year_of(COAST, 2025, 1), year_of(COAST, 2025, 2))


def test_the_sun_shines_by_day_and_more_in_june():
    light = sunlight(COAST, instant(2025), instant(2026), SEED).reshape(-1, 24)
    assert light.min() == 0
    assert (light[:, 0] == 0).all()
    assert light.max() < 1100
    assert light[151:181].sum() > 4 * light[334:].sum()
    assert 1000 < light.sum() / 1000 < 1350
