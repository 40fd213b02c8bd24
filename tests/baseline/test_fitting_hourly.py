"""The hourly model: what it finds, that it is frozen to the last digit, and the savings it gives."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting import (
    BaselineHours,
    Event,
    HourlyModel,
    ReportingHours,
    estimate_hourly_savings,
    estimate_savings,
    fit_hourly,
)
from foundation.errors import Refusal
from foundation.time import local_midnight
from tests.baseline.fitting_buildings import START, outdoor, year_of_days

PARIS = ZoneInfo("Europe/Paris")
NEXT_YEAR = dt.date(2023, 1, 1)


def stamps(days):
    """UTC hours of local days in Paris, with the place of each hour's day and its local hour."""
    utc, place, local = [], [], []
    for number, day in enumerate(days):
        at, end = local_midnight(day, PARIS), local_midnight(day + dt.timedelta(days=1), PARIS)
        while at < end:
            utc.append(np.datetime64(at.astimezone(dt.UTC).replace(tzinfo=None), "s"))
            place.append(number)
            local.append(at.astimezone(PARIS).hour)
            at += dt.timedelta(hours=1)
    return np.array(utc), np.array(place), np.array(local)


def office_hours(days, *, seed=0, saving=0.0, noise=0.4, closed=frozenset()):
    """Hours of an office open from 8 to 18 on workdays, heated below 15 °C (less at night), cooled above 20 °C."""
    rng = np.random.default_rng(seed + 1)
    utc, place, local = stamps(days)
    temperature = outdoor(days, seed)[place] + 4.0 * np.sin((local - 9.0) / 24.0 * 2.0 * np.pi)
    workday = np.array([day.weekday() < 5 and day not in closed for day in days])[place]
    inside = workday & (local >= 8) & (local < 18)
    use = np.where(inside, 12.0, 3.0)
    use += np.where(inside, 0.8, 0.4) * np.maximum(15.0 - temperature, 0.0)
    use += np.where(inside, 0.9, 0.0) * np.maximum(temperature - 20.0, 0.0)
    return utc, (1.0 - saving) * use + rng.normal(0.0, noise, len(use)), temperature


def period(kind, days, columns):
    return kind.of(*columns, PARIS, start=days[0], end=days[-1])


@pytest.fixture(scope="module")
def before():
    days = year_of_days()
    return period(BaselineHours, days, office_hours(days))


@pytest.fixture(scope="module")
def model(before):
    return fit_hourly(before)


def test_the_next_year_is_foretold_as_closely_as_noise_allows(model):
    days = year_of_days(365, NEXT_YEAR)
    after = period(ReportingHours, days, office_hours(days, seed=5))

    savings = estimate_hourly_savings(model, after)

    assert abs(savings.savings_percent) < 1.0
    assert savings.fit.cv_rmse < 0.13
    assert savings.days_counted == 365


def test_a_saving_is_found_inside_both_intervals(model):
    days = year_of_days(365, NEXT_YEAR)
    after = period(ReportingHours, days, office_hours(days, seed=5, saving=0.2))

    savings = estimate_hourly_savings(model, after)

    assert savings.savings_percent == pytest.approx(20.0, abs=1.0)
    assert savings.total_measured_kwh == pytest.approx(after.kwh.sum())
    for name in ("g14", "empirical"):
        assert savings.intervals[name].low < savings.avoided_energy_kwh < savings.intervals[name].high
    by_day = estimate_savings(model.daily, after.daily)
    assert savings.savings_percent == pytest.approx(by_day.savings_percent, abs=0.5)


def test_hours_of_the_local_clock_are_followed_through_both_changes(model):
    """23 and 25 hours: the opening hour stays at 8 on the local clock, and no kWh is lost."""
    for first in (dt.date(2023, 3, 24), dt.date(2023, 10, 27)):
        days = year_of_days(6, first)
        after = period(ReportingHours, days, office_hours(days, seed=2, noise=0.0))

        predicted = model.predict(after)

        assert np.sqrt(np.mean((predicted - after.kwh) ** 2)) < 1.5
        assert len(after.kwh) == 6 * 24 + (-1 if first.month == 3 else 1)
        assert after.local_hour.min() == 0
        assert after.local_hour.max() == 23


def test_holidays_and_vacations_have_hours_of_their_own():
    days = year_of_days()
    closed = frozenset(days[40:54] + days[180:215] + days[300:314])
    next_days = year_of_days(365, NEXT_YEAR)
    moved = frozenset(next_days[47:61] + next_days[187:222] + next_days[293:307])
    columns, later = office_hours(days, closed=closed), office_hours(next_days, seed=4, closed=moved)
    baseline, after = period(BaselineHours, days, columns), period(ReportingHours, next_days, later)

    told = estimate_hourly_savings(fit_hourly(baseline, vacations=closed | moved), after)
    untold = estimate_hourly_savings(fit_hourly(baseline), after)

    assert told.fit.cv_rmse < 0.16
    assert told.fit.cv_rmse < 0.7 * untold.fit.cv_rmse


def test_a_model_read_back_gives_the_same_kwh(model, before):
    text = json.dumps(model.to_json(), allow_nan=False)

    again = HourlyModel.from_json(text)

    assert again.predict(before).tolist() == model.predict(before).tolist()
    assert again.to_json() == model.to_json()
    assert again.statistics == model.statistics
    assert again.daily == model.daily


def test_the_same_hours_in_any_order_give_the_same_model(model):
    days = year_of_days()
    columns = office_hours(days)
    mixed = np.random.default_rng(0).permutation(len(columns[0]))

    assert fit_hourly(period(BaselineHours, days, [column[mixed] for column in columns])).to_json() == model.to_json()


def test_an_hour_without_a_side_counts_on_neither(model):
    days = year_of_days(365, NEXT_YEAR)
    utc, kwh, temperature = office_hours(days, seed=5)
    kwh[1000] = np.nan
    kwh[5000:5010] = np.nan
    after = period(ReportingHours, days, (utc, kwh, temperature))

    savings = estimate_hourly_savings(model, after)

    assert savings.days_counted in {363, 364}
    assert "partial_day" in savings.reasons
    assert abs(savings.savings_percent) < 1.0


def test_events_are_adjusted_for_as_with_days(model):
    days = year_of_days(365, NEXT_YEAR)
    utc, kwh, temperature = office_hours(days, seed=5, saving=0.2)
    kwh[24 * 150 : 24 * 190] += 4.0
    after = period(ReportingHours, days, (utc, kwh, temperature))
    event = (days[150], days[190])

    untold = estimate_hourly_savings(model, after)
    fitted = estimate_hourly_savings(model, after, events=[Event(*event)])
    dropped = estimate_hourly_savings(model, after, events=[Event(*event, "drop")])

    assert untold.savings_percent < 18.0
    assert fitted.savings_percent == pytest.approx(20.0, abs=1.0)
    assert dropped.savings_percent == pytest.approx(20.0, abs=1.0)
    assert dropped.days_counted == 365 - 41
    assert fitted.unadjusted_savings_percent == pytest.approx(untold.savings_percent)


@settings(deadline=None, max_examples=12)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 120),
    kind=st.sampled_from(
        ["usual", "constant", "zero", "negative", "one huge hour", "mostly missing", "one temperature"]
    ),
)
def test_odd_hours_give_a_model_and_a_saving_and_never_an_error(seed, n, kind):
    days = year_of_days(n)
    utc, kwh, temperature = office_hours(days, seed=seed)
    place = np.arange(len(kwh))
    kwh = {
        "constant": np.full(len(kwh), 7.0),
        "zero": np.zeros(len(kwh)),
        "negative": -kwh,
        "one huge hour": np.where(place == len(place) // 2, 1e9, kwh),
        "mostly missing": np.where((place // 24 % 5 > 0) & (place >= 24), np.nan, kwh),
    }.get(kind, kwh)
    if kind == "one temperature":
        temperature = np.full(len(kwh), 11.0)
    model = fit_hourly(period(BaselineHours, days, (utc, kwh, temperature)))

    later = year_of_days(200, NEXT_YEAR)
    after = period(ReportingHours, later, office_hours(later, seed=seed))

    assert np.isfinite(model.predict(after)).all()
    assert np.isfinite(estimate_hourly_savings(model, after).avoided_energy_kwh)
    json.dumps(model.to_json(), allow_nan=False)


def test_baseline_and_reporting_hours_cannot_be_exchanged(model, before):
    days = year_of_days(30)
    with pytest.raises(TypeError):
        fit_hourly(period(ReportingHours, days, office_hours(days)))
    with pytest.raises(TypeError):
        estimate_hourly_savings(model, before)


def test_what_is_not_a_frozen_hourly_model_is_refused(model):
    content = model.to_json()
    shorter = {**content, "levels": content["levels"][:-1]}
    endless = {**content, "knots": ["1", "nan", "3"]}

    for broken in ("", "{}", shorter, {**content, "version": 2}, endless, content["daily"]):
        with pytest.raises(Refusal, match="modèle figé"):
            HourlyModel.from_json(broken)


def test_a_period_without_one_complete_day_is_refused():
    days = year_of_days(3, START)
    utc, kwh, temperature = office_hours(days)
    with pytest.raises(Refusal, match="22 heures de 24"):
        fit_hourly(period(BaselineHours, days, (utc, np.full(len(kwh), np.nan), temperature)))
