"""The frozen daily model: what it finds, that it is deterministic, and that it survives its JSON."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting import BaselineData, DailyModel, ReportingData, estimate_savings, fit_daily
from foundation.errors import Refusal
from tests.baseline.fitting_buildings import START, office, outdoor, year_of_days


def baseline_of(energy, temperature, days=None):
    return BaselineData.of(days or year_of_days(len(energy)), energy, temperature)


def fitted_office(**more):
    days = year_of_days()
    temperature = outdoor(days)
    return days, temperature, fit_daily(baseline_of(office(days, temperature, **more), temperature))


def test_a_noise_free_heated_building_is_recovered_exactly():
    days = year_of_days()
    temperature = outdoor(days)
    model = fit_daily(baseline_of(300.0 + 11.5 * np.maximum(14.25 - temperature, 0.0), temperature))

    assert model.name == "3PH"
    assert model.n_parameters == 3
    assert model.regimes[0].curve.heating_slope == pytest.approx(11.5, rel=1e-9)
    assert model.regimes[0].curve.heating_balance_point == pytest.approx(14.25, abs=1e-8)
    assert model.regimes[0].levels[0] == pytest.approx(300.0, rel=1e-9)
    assert model.statistics.r_squared == pytest.approx(1.0)


def test_a_noise_free_5p_building_is_recovered_exactly():
    days = year_of_days()
    temperature = outdoor(days) * 1.3
    energy = 300.0 + 9.0 * np.maximum(12.5 - temperature, 0.0) + 14.0 * np.maximum(temperature - 19.5, 0.0)
    model = fit_daily(baseline_of(energy, temperature))

    assert model.name == "5P"
    assert model.n_parameters == 5
    assert model.predict(days, temperature) == pytest.approx(energy, rel=1e-8)


def test_workdays_and_weekends_get_their_own_curves_where_they_differ():
    days, temperature, model = fitted_office()
    weekend, workday = dt.date(2023, 7, 15), dt.date(2023, 7, 17)

    assert model.structure.n_regimes == 2
    cooling = model.predict([workday, workday], [25.0, 20.0]) @ [1.0, -1.0]
    assert cooling == pytest.approx(35.0, rel=0.25)
    assert model.predict([weekend, weekend], [25.0, 20.0]) @ [1.0, -1.0] == pytest.approx(0.0, abs=6.0)
    assert model.statistics.cv_rmse == pytest.approx(6.0 / office(days, temperature).mean(), rel=0.1)


def test_a_building_closed_on_monday_and_sunday_is_seen_as_such():
    days = year_of_days()
    temperature = outdoor(days)
    closed = np.array([day.weekday() in {0, 6} for day in days])
    noise = np.random.default_rng(3).normal(0.0, 4.0, len(days))
    model = fit_daily(baseline_of(np.where(closed, 40.0, 120.0) + noise, temperature))

    monday, tuesday = dt.date(2023, 3, 6), dt.date(2023, 3, 7)
    assert model.predict([monday, tuesday], [12.0, 12.0]) == pytest.approx([40.0, 120.0], abs=3.0)
    assert model.n_parameters <= 4


def test_a_summer_closure_is_found_and_projected_onto_the_next_year():
    days = year_of_days()
    temperature = outdoor(days)
    energy = office(days, temperature)
    closed = np.array([dt.date(2022, 7, 4) <= day <= dt.date(2022, 8, 26) and day.weekday() < 5 for day in days])
    energy[closed] *= 0.5
    model = fit_daily(baseline_of(energy, temperature))

    (window,) = model.calendar.windows
    assert window.first[0] == 7
    assert window.first[1] <= 5
    assert window.last in {(8, 25), (8, 26), (8, 27)}
    in_july, in_june = model.predict([dt.date(2023, 7, 20), dt.date(2023, 6, 20)], [18.0, 18.0])
    assert in_july < 0.65 * in_june


def test_a_slow_drift_is_not_taken_for_a_closure():
    days = year_of_days()
    temperature = outdoor(days)
    drift = np.cumsum(np.random.default_rng(5).normal(0.0, 1.5, len(days)))
    model = fit_daily(baseline_of(office(days, temperature) + drift, temperature))

    assert model.calendar.windows == ()


def test_public_holidays_are_followed_when_the_building_follows_them():
    days = year_of_days()
    temperature = outdoor(days)
    holidays = frozenset(
        dt.date(year, month, day)
        for year in (2022, 2023)
        for month, day in ((5, 9), (6, 6), (7, 14), (8, 15), (11, 11), (3, 3), (4, 4), (10, 10))
    )
    energy = office(days, temperature)
    off = np.array([day in holidays and day.weekday() < 5 for day in days])
    energy[off] -= 90.0
    model = fit_daily(baseline_of(energy, temperature), holidays=holidays)

    off_day, day_after = model.predict([dt.date(2023, 7, 14), dt.date(2023, 7, 13)], [17.0, 17.0])
    assert off_day == pytest.approx(60.0, abs=8.0)
    assert day_after == pytest.approx(150.0, abs=8.0)


def school(days, temperature, vacations, *, seed=7):
    """A school that is nearly closed in vacations, whose dates move from year to year."""
    energy = office(days, temperature, seed=seed)
    off = np.array([day in vacations and day.weekday() < 5 for day in days])
    return np.where(off, 0.4 * energy, energy)


def test_vacations_that_move_are_followed_by_their_dates():
    days = year_of_days()
    temperature = outdoor(days)
    weeks = [
        dt.date(2022, 2, 5),
        dt.date(2022, 4, 9),
        dt.date(2022, 10, 22),
        dt.date(2023, 2, 11),
        dt.date(2023, 4, 15),
    ]
    vacations = frozenset(first + dt.timedelta(days=i) for first in weeks for i in range(16))
    model = fit_daily(baseline_of(school(days, temperature, vacations), temperature), vacations=vacations)

    next_year = year_of_days(365, dt.date(2023, 1, 1))
    warm = outdoor(next_year, 9)
    measured = school(next_year, warm, vacations, seed=8)
    misfit = np.sqrt(np.mean((measured - model.predict(next_year, warm)) ** 2))
    assert misfit < 12.0
    assert DailyModel.from_json(model.to_json()) == model


def test_vacations_the_building_does_not_follow_cost_nothing():
    days = year_of_days()
    temperature = outdoor(days)
    vacations = frozenset(days[40:56] + days[100:116] + days[290:306])
    energy = office(days, temperature)

    with_them = fit_daily(baseline_of(energy, temperature), vacations=vacations)
    without = fit_daily(baseline_of(energy, temperature))

    assert with_them.n_parameters == without.n_parameters
    assert with_them.predict(days, temperature).tolist() == without.predict(days, temperature).tolist()


def test_holidays_of_later_years_are_added_without_fitting_again():
    days = year_of_days()
    temperature = outdoor(days)
    holidays = frozenset(days[9::30])
    energy = office(days, temperature)
    energy[9::30] = 60.0
    model = fit_daily(baseline_of(energy, temperature), holidays=holidays)
    later = dt.date(2030, 5, 8)

    extended = model.with_holidays({later})

    assert extended.regimes == model.regimes
    assert extended.predict([later], [16.0])[0] < 0.6 * model.predict([later], [16.0])[0]


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(40, 420), order=st.randoms(use_true_random=False))
def test_the_order_of_the_days_does_not_matter(seed, n, order):
    days = year_of_days(n)
    temperature = outdoor(days, seed)
    energy = office(days, temperature, seed=seed)
    mixed = list(range(n))
    order.shuffle(mixed)

    one = fit_daily(BaselineData.of(days, energy, temperature))
    other = fit_daily(BaselineData.of([days[i] for i in mixed], energy[mixed], temperature[mixed]))

    assert one == other


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), power=st.integers(-12, 12))
def test_energy_in_another_unit_gives_the_same_model_in_that_unit(seed, power):
    factor = 2.0**power
    days = year_of_days()
    temperature = outdoor(days, seed)
    energy = office(days, temperature, seed=seed)

    one, other = fit_daily(baseline_of(energy, temperature)), fit_daily(baseline_of(energy * factor, temperature))

    assert other.name == one.name
    assert other.predict(days, temperature) == pytest.approx(one.predict(days, temperature) * factor, rel=1e-9)
    assert other.statistics.cv_rmse == pytest.approx(one.statistics.cv_rmse, rel=1e-9)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(20, 400))
def test_a_model_read_back_gives_the_same_kwh(seed, n):
    days = year_of_days(n)
    temperature = outdoor(days, seed)
    model = fit_daily(
        BaselineData.of(days, office(days, temperature, seed=seed), temperature), holidays=frozenset(days[::40])
    )

    text = json.dumps(model.to_json(), allow_nan=False)
    again = DailyModel.from_json(text)

    assert again == model
    assert DailyModel.from_json(json.loads(text)) == model
    next_year = year_of_days(365, START + dt.timedelta(days=365))
    warm = outdoor(next_year, seed + 1)
    assert again.predict(next_year, warm).round(3).tolist() == model.predict(next_year, warm).round(3).tolist()


def test_coefficients_are_kept_as_decimals_of_twelve_significant_digits():
    _, _, model = fitted_office()

    for regime in model.to_json()["regimes"]:
        for text in (*regime["levels"], regime["heating_slope"], regime["coldest"]):
            assert isinstance(text, str)
            assert len(text.lstrip("-0.").replace(".", "")) <= 12


@pytest.mark.parametrize(
    "broken",
    ["", "{}", "[]", "nonsense", '{"format": "baseline.fitting.DailyModel", "version": 2}'],
)
def test_what_is_not_a_frozen_model_is_refused(broken):
    with pytest.raises(Refusal, match="modèle figé"):
        DailyModel.from_json(broken)


def odd_energy(kind, days, temperature):
    usual, place = office(days, temperature), np.arange(len(days))
    return {
        "constant": np.full(len(days), 7.0),
        "zero": np.zeros(len(days)),
        "negative": -usual,
        "one huge day": np.where(place == len(days) // 2, 1e9, usual),
        "mostly missing": np.where(place % 9, np.nan, usual),
        "half closed": np.where(place % 2, 0.0, 100.0),
    }[kind]


@pytest.mark.parametrize("n", [1, 2, 6, 20, 29, 57, 130, 365, 800])
@pytest.mark.parametrize("one_temperature", [False, True])
@pytest.mark.parametrize("kind", ["constant", "zero", "negative", "one huge day", "mostly missing", "half closed"])
def test_odd_days_give_a_model_and_a_saving_and_never_an_error(kind, one_temperature, n):
    days = year_of_days(n)
    temperature = np.full(n, 11.0) if one_temperature else outdoor(days)
    energy = odd_energy(kind, days, temperature)
    model = fit_daily(BaselineData.of(days, energy, temperature))

    later = [day + dt.timedelta(days=n) for day in days]
    savings = estimate_savings(model, ReportingData.of(later, energy, temperature))

    assert np.isfinite(savings.avoided_energy_kwh)
    json.dumps(model.to_json(), allow_nan=False)


def test_a_period_without_one_complete_day_is_refused():
    days = year_of_days(30)

    with pytest.raises(Refusal, match="22 heures de 24"):
        fit_daily(BaselineData.of(days, np.full(30, np.nan), outdoor(days)))


def test_baseline_and_reporting_cannot_be_exchanged():
    days = year_of_days()
    temperature = outdoor(days)
    energy = office(days, temperature)

    with pytest.raises(TypeError):
        fit_daily(ReportingData.of(days, energy, temperature))
    with pytest.raises(TypeError):
        estimate_savings(fit_daily(baseline_of(energy, temperature)), baseline_of(energy, temperature))
