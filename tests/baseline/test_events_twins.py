"""Twins of known truth: what told events cost, which untold ones are noticed, what the intervals hold."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from baseline.fitting import BaselineData, Event, ReportingData, estimate_savings, fit_daily
from fleet.bench.twins import POINTS, judge, twins


@pytest.fixture(scope="module")
def judged():
    return judge(twins(40))


def test_a_told_event_costs_less_than_a_point_and_a_half(judged):
    """Of one that hides half the winter, what the works did to the heating is partly guessed: there, a little more."""
    for row in judged["rows"]:
        most = POINTS if row["days"] <= 150 else 2.0
        assert max(abs(cost) for cost in row["cost"].values()) <= most, row["name"]


def test_with_the_event_told_the_saving_is_as_good_as_in_a_year_without_one(judged):
    for method, errors in judged["told"].items():
        assert errors["within"] >= judged["without_event"]["within"] - 2, method


def test_events_of_two_percent_are_noticed_untold_and_years_without_one_stay_quiet(judged):
    assert judged["untold"]["noticed"] >= 0.9 * judged["untold"]["large"]
    assert judged["untold"]["false"] <= 0.05 * judged["twins"]


def test_the_empirical_interval_holds_the_truth_of_a_told_event_in_drifting_buildings():
    drifting = judge(twins(20, drift=0.02))

    assert drifting["covered"]["empirical"] >= 0.85 * drifting["twins"]


def test_a_slope_of_which_the_event_leaves_a_few_mild_days_is_not_read_out_of_their_noise():
    """A summer's event hides all cooling but three days at the balance point; they must not decide the summer."""
    rng = np.random.default_rng(4)
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=place) for place in range(730)]
    celsius = 12.0 - 11.0 * np.cos(2.0 * np.pi * (np.arange(730) - 20) / 365.0)
    plain = 100.0 + 8.0 * np.maximum(celsius - 18.0, 0.0) + 6.0 * np.maximum(12.0 - celsius, 0.0)
    kwh = plain * (1.0 + rng.normal(0.0, 0.05, 730))
    model = fit_daily(BaselineData.of(days[:365], kwh[:365], celsius[:365]))
    warm = [day for day, at in zip(days[365:], celsius[365:], strict=True) if at > 18.05]
    event = Event(warm[0], warm[-1])
    after = ReportingData.of(days[365:], 0.9 * kwh[365:], celsius[365:])

    assert estimate_savings(model, after, events=[event]).savings_percent == pytest.approx(10.0, abs=POINTS)
