"""Hours become local days: 23, 24 or 25 of them, energy never filled, temperature bridged over six hours at most."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from baseline.fitting import BaselineData, ReportingData, daily_from_hourly
from baseline.fitting.hours import interpolated
from foundation.time import local_midnight

PARIS = ZoneInfo("Europe/Paris")
YEAR = (dt.date(2024, 1, 1), dt.date(2024, 12, 31))


def hours_of(start, end, zone=PARIS):
    first, last = local_midnight(start, zone), local_midnight(end + dt.timedelta(days=1), zone)
    n = round((last - first).total_seconds() / 3600)
    return np.datetime64(first.replace(tzinfo=None), "s") + np.arange(n) * np.timedelta64(3600, "s")


def days_of(hours, kwh, temperature, start, end):
    return daily_from_hourly(BaselineData, hours, kwh, temperature, PARIS, start=start, end=end)


def test_a_year_has_two_odd_days_and_keeps_its_energy():
    hours = hours_of(*YEAR)
    kwh = np.random.default_rng(0).gamma(2.0, 3.0, len(hours))

    days = days_of(hours, kwh, np.full(len(hours), 10.0), *YEAR)

    assert len(days.days) == 366
    assert {day: n for day, n in zip(days.days, days.day_hours, strict=True) if n != 24} == {
        dt.date(2024, 3, 31): 23,
        dt.date(2024, 10, 27): 25,
    }
    assert days.complete.all()
    assert math.fsum(days.kwh) == pytest.approx(math.fsum(kwh))


def test_the_order_of_hours_does_not_matter_and_hours_outside_are_left():
    start, end = dt.date(2024, 5, 2), dt.date(2024, 5, 3)
    hours = hours_of(dt.date(2024, 5, 1), dt.date(2024, 5, 4))
    kwh = np.arange(96.0)
    mixed = np.random.default_rng(1).permutation(96)

    days = daily_from_hourly(ReportingData, hours[mixed], kwh[mixed], np.full(96, 5.0), PARIS, start=start, end=end)

    assert isinstance(days, ReportingData)
    assert days.days == (start, end)
    assert days.kwh.tolist() == [kwh[24:48].sum(), kwh[48:72].sum()]


@pytest.mark.parametrize(("missing", "complete"), [(0, True), (2, True), (3, False)])
def test_a_day_counts_with_at_least_22_hours(missing, complete):
    day = dt.date(2024, 5, 2)
    hours = hours_of(day, day)[missing:]

    days = days_of(hours, np.ones(len(hours)), np.full(len(hours), 9.0), day, day)

    assert days.complete.tolist() == [complete]
    assert days.hours.tolist() == [24 - missing]
    assert days.kwh.tolist() == [24 - missing]


def test_a_day_of_23_hours_is_complete_with_22_and_compares_by_its_rate():
    day = dt.date(2024, 3, 31)
    hours = hours_of(day, day)
    assert len(hours) == 23

    days = days_of(hours[1:], np.ones(22), np.full(22, 9.0), day, day)

    assert days.complete.all()
    assert days.kwh_per_24h.tolist() == [24.0]


def test_temperature_is_bridged_over_six_hours_and_not_over_seven():
    six = np.arange(24.0)
    six[5:11] = np.nan
    seven = np.arange(24.0)
    seven[5:12] = np.nan

    assert interpolated(six).tolist() == list(range(24))
    assert np.isnan(interpolated(seven)[5:12]).all()
    assert np.isnan(interpolated(np.array([np.nan, 1.0, 2.0, np.nan]))[[0, 3]]).all()


def test_an_hour_without_temperature_takes_its_energy_out_of_the_day():
    day = dt.date(2024, 5, 2)
    hours = hours_of(day, day)
    temperature = np.full(24, 9.0)
    temperature[0] = np.nan

    days = days_of(hours, np.full(24, 2.0), temperature, day, day)

    assert days.hours.tolist() == [23]
    assert days.kwh.tolist() == [46.0]


def test_energy_is_never_filled():
    day = dt.date(2024, 5, 2)
    hours = hours_of(day, day)
    kwh = np.full(24, 2.0)
    kwh[10] = np.nan

    days = days_of(hours, kwh, np.full(24, 9.0), day, day)

    assert days.kwh.tolist() == [46.0]


def test_an_hour_given_twice_is_an_error():
    day = dt.date(2024, 5, 2)
    hours = hours_of(day, day)
    hours[1] = hours[0]

    with pytest.raises(ValueError, match="twice"):
        days_of(hours, np.ones(24), np.ones(24), day, day)


@pytest.mark.parametrize(
    "columns",
    [
        {"days": [dt.date(2024, 1, 1)] * 2, "kwh": [1.0, 2.0], "temperature_c": [1.0, 2.0]},
        {"days": [dt.date(2024, 1, 1)], "kwh": [1.0, 2.0], "temperature_c": [1.0]},
        {"days": [dt.date(2024, 1, 1)], "kwh": [1.0], "temperature_c": [1.0], "start": dt.date(2024, 2, 1)},
    ],
)
def test_columns_that_do_not_fit_are_an_error(columns):
    with pytest.raises(ValueError, match="day"):
        BaselineData.of(**columns)
