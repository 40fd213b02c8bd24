"""A portfolio is fitted meter by meter to the same digits, whatever it is cut into."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting.data import BaselineData
from baseline.fitting.fit import fit_daily
from baseline.fitting.hourly.data import BaselineHours
from baseline.fitting.hourly.fit import fit_hourly
from baseline.fitting.many import fit_many
from fleet.bench.meters import generated
from foundation.errors import Refusal
from tests.baseline.fitting_buildings import office, outdoor, year_of_days

PORTFOLIO = [meter.before.days(BaselineData) for meter in generated(8)]
HOLIDAYS = frozenset({dt.date(2022, 5, 26), dt.date(2022, 7, 14)})


def buildings():
    days = year_of_days()
    cold = outdoor(days)
    return [BaselineData.of(days, office(days, cold, seed=seed), cold) for seed in (1, 2, 3)]


def test_a_batch_gives_each_meter_the_model_it_would_have_alone():
    batch = buildings()
    models = fit_many(batch, holidays=HOLIDAYS)
    assert [model.to_json() for model in models] == [fit_daily(data, holidays=HOLIDAYS).to_json() for data in batch]
    assert [model.to_json() for model in fit_many(batch[::-1], holidays=HOLIDAYS)] == [
        model.to_json() for model in models[::-1]
    ]


def with_gaps(data, *, seed):
    kwh = data.kwh.copy()
    kwh[np.random.default_rng(seed).random(len(kwh)) < 0.1] = np.nan
    return BaselineData.of(data.days, kwh, data.temperature_c)


@settings(deadline=None, max_examples=10)
@given(
    chosen=st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from(["whole", "gaps", "weeks"])), min_size=2, max_size=6, unique=True
    )
)
def test_meters_of_any_days_are_fitted_together_as_alone(chosen):
    batch = []
    for number, kind in chosen:
        data = PORTFOLIO[number]
        if kind == "gaps":
            data = with_gaps(data, seed=number)
        if kind == "weeks":
            n = 40 + 13 * number
            data = BaselineData.of(data.days[:n], data.kwh[:n], data.temperature_c[:n])
        batch.append(data)
    together = fit_many(batch, holidays=HOLIDAYS)
    assert [model.to_json() for model in together] == [fit_daily(data, holidays=HOLIDAYS).to_json() for data in batch]


def test_a_meter_that_cannot_be_fitted_keeps_nobody_else_waiting():
    good, *_ = buildings()
    empty = BaselineData.of(good.days, np.full(len(good.days), np.nan), good.temperature_c)
    first, refusal, last = fit_many([good, empty, good])
    assert isinstance(refusal, Refusal)
    assert first.to_json() == last.to_json() == fit_daily(good).to_json()


@pytest.mark.parametrize("fill", [0.0, 7.0, -3.0, 1e-9, 1e9])
def test_no_meter_crashes_however_dull(fill):
    days = year_of_days()
    cold = outdoor(days)
    (model,) = fit_many([BaselineData.of(days, np.full(len(days), fill), cold)])
    assert model.predict(days, cold) == pytest.approx(fill, rel=1e-6, abs=1e-9)


def test_hours_make_hourly_models():
    (meter,) = generated(1)
    hours = meter.before.hours(BaselineHours)
    (model,) = fit_many([hours])
    assert model.to_json() == fit_hourly(hours).to_json()
    with pytest.raises(TypeError):
        fit_many([hours, hours.daily])


def test_hours_of_several_stations_are_fitted_together_as_alone():
    meters = [meter.before for meter in generated(3)]
    gaps = replace(meters[0], kwh=np.where(np.arange(8760) % 97 == 0, np.nan, meters[0].kwh))
    batch = [year.hours(BaselineHours) for year in (meters[0], meters[1], gaps, meters[2], meters[0])]
    together = fit_many(batch, holidays=HOLIDAYS)
    assert [model.to_json() for model in together] == [fit_hourly(data, holidays=HOLIDAYS).to_json() for data in batch]
