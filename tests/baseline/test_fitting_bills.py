"""Baselines made of bills: degree-days of each period, change points, frozen JSON, savings with intervals."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting import (
    BilledBaseline,
    BilledReporting,
    BillingModel,
    Event,
    billing_findings,
    billing_sufficiency,
    estimate_billing_savings,
    fit_billing,
)
from foundation.errors import Refusal
from tests.baseline.fitting_buildings import START, outdoor, year_of_days

DAY = dt.timedelta(days=1)


def heated(temperature):
    """A building without noise, kWh a day: a 5P curve."""
    return 300.0 + 12.0 * np.maximum(14.25 - temperature, 0.0) + 9.0 * np.maximum(temperature - 19.0, 0.0)


def bills(kind, lengths, *, start=START, use=heated, seed=0, mean_only=False, noise=0.0, **more):
    """Bills of the given lengths, one after the other."""
    days = year_of_days(sum(lengths), start)
    temperature = outdoor(days, seed)
    energy = use(temperature) * (1.0 + np.random.default_rng(seed).normal(0.0, noise, len(days)))
    periods, kwh, temperatures, first = [], [], [], 0
    for length in lengths:
        inside = slice(first, first + length)
        periods.append((days[first], days[first + length - 1]))
        kwh.append(energy[inside].sum())
        temperatures.append([temperature[inside].mean()] if mean_only else temperature[inside])
        first += length
    return kind.of(periods, kwh, temperatures, **more)


MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
ODD = [33, 27, 41, 22, 35, 30, 26, 38, 29, 31, 24, 29]


def test_a_building_is_recovered_from_bills_of_any_length_by_their_daily_temperatures():
    model = fit_billing(bills(BilledBaseline, ODD))

    assert model.name == "5P"
    assert model.curve.heating_slope == pytest.approx(12.0, rel=1e-3)
    assert model.curve.heating_balance_point == pytest.approx(14.25, abs=0.01)
    assert model.curve.cooling_balance_point == pytest.approx(19.0, abs=0.01)
    assert model.level == pytest.approx(300.0, rel=1e-3)


def test_a_heated_building_is_recovered_exactly():
    model = fit_billing(bills(BilledBaseline, ODD, use=lambda t: 80.0 + 5.0 * np.maximum(15.5 - t, 0.0)))

    assert model.name == "3PH"
    assert model.n_parameters == 3
    assert (model.curve.heating_slope, model.curve.heating_balance_point) == (pytest.approx(5.0), pytest.approx(15.5))


def test_mean_temperatures_alone_give_a_change_point_too():
    model = fit_billing(
        bills(BilledBaseline, MONTHS, use=lambda t: 80.0 + 5.0 * np.maximum(15.5 - t, 0.0), mean_only=True)
    )

    assert model.name == "3PH"
    assert model.statistics.cv_rmse < 0.05


def test_a_saving_is_found_with_both_intervals_around_it():
    model = fit_billing(bills(BilledBaseline, ODD, noise=0.1))
    after = bills(BilledReporting, MONTHS, start=dt.date(2023, 1, 1), use=lambda t: 0.85 * heated(t), seed=4, noise=0.1)

    savings = estimate_billing_savings(model, after)

    assert savings.savings_percent == pytest.approx(15.0, abs=1.5)
    assert savings.days_counted == savings.days_expected == 365
    for name in ("g14", "empirical"):
        interval = savings.intervals[name]
        assert interval.low < savings.avoided_energy_kwh < interval.high
    wider = estimate_billing_savings(model, after, 0.95).intervals["g14"]
    assert wider.half_width > savings.intervals["g14"].half_width


def test_a_bill_without_energy_or_temperature_leaves_both_sides():
    before, after = bills(BilledBaseline, MONTHS), bills(BilledReporting, MONTHS, start=dt.date(2023, 1, 1))
    kwh, temperatures = after.kwh.copy(), list(after.temperatures)
    kwh[3] = np.nan
    temperatures[5] = np.array([np.nan])
    periods = list(zip(after.starts, after.ends, strict=True))

    savings = estimate_billing_savings(fit_billing(before), BilledReporting.of(periods, kwh, temperatures))

    assert savings.reasons[3] == "missing_energy"
    assert savings.reasons[5] == "missing_temperature"
    assert savings.days_counted == 365 - 30 - 30
    assert savings.total_measured_kwh == pytest.approx(np.delete(after.kwh, [3, 5]).sum())
    assert "reporting_days_missing" in {finding.name for finding in savings.findings}


def test_events_drop_bills_or_are_told_their_energy():
    model = fit_billing(bills(BilledBaseline, MONTHS))
    after = bills(BilledReporting, MONTHS, start=dt.date(2023, 1, 1))
    june = (dt.date(2023, 6, 10), dt.date(2023, 6, 20))

    dropped = estimate_billing_savings(model, after, events=[Event(*june, "drop")])
    told = estimate_billing_savings(model, after, events=[Event(*june, "estimate", 500.0)])

    assert dropped.reasons[5] == "event"
    assert dropped.days_counted == 335
    assert told.avoided_energy_kwh == pytest.approx(told.unadjusted_avoided_kwh + 500.0)
    with pytest.raises(Refusal, match="submeter ou estimate"):
        estimate_billing_savings(model, after, events=[Event(*june)])
    with pytest.raises(Refusal, match="aucune facture"):
        estimate_billing_savings(model, after, events=[Event(dt.date(2030, 1, 1), dt.date(2030, 1, 2), "drop")])


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(7, 70), min_size=1, max_size=26),
    mean_only=st.booleans(),
    noise=st.sampled_from([0.0, 0.05, 0.6]),
)
def test_any_bills_give_a_model_that_survives_its_json(seed, lengths, mean_only, noise):
    data = bills(BilledBaseline, lengths, seed=seed, mean_only=mean_only, noise=noise)
    model = fit_billing(data)

    text = json.dumps(model.to_json(), allow_nan=False)
    again = BillingModel.from_json(text)

    assert again == model
    assert again.predict(data.temperatures).tolist() == model.predict(data.temperatures).tolist()
    assert model.curve.heating_slope >= 0.0
    assert model.curve.cooling_slope >= 0.0
    assert model.n_parameters <= max(len(lengths) - 1, 1)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), order=st.randoms(use_true_random=False))
def test_the_order_of_the_bills_does_not_matter(seed, order):
    data = bills(BilledBaseline, MONTHS, seed=seed, noise=0.1)
    mixed = list(range(12))
    order.shuffle(mixed)
    periods = [(data.starts[i], data.ends[i]) for i in mixed]
    other = BilledBaseline.of(periods, data.kwh[mixed], [data.temperatures[i] for i in mixed])

    assert fit_billing(other) == fit_billing(data)


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (np.zeros_like, "no_energy"),
        (lambda t: 50.0 - 12.0 * np.maximum(15.0 - t, 0.0), "negative_energy"),
    ],
)
def test_odd_bills_are_found(use, name):
    data = bills(BilledBaseline, MONTHS, use=use)

    assert name in {finding.name for finding in billing_sufficiency(data)}
    json.dumps(fit_billing(data).to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("lengths", "name", "blocking"),
    [
        ([61, 61, 61, 61, 61], "baseline_too_short", True),
        ([61, 61, 61, 61, 61], "bills_too_few", True),
        ([90, 90, 90, 95], "bill_lengths", False),
        (MONTHS, None, None),
    ],
)
def test_too_little_is_said(lengths, name, blocking):
    findings = {finding.name: finding for finding in billing_sufficiency(bills(BilledBaseline, lengths))}

    if name is None:
        assert findings == {}
    else:
        assert findings[name].blocking is blocking
        assert findings[name].description.endswith(".")


def test_a_gap_between_bills_is_missing_days():
    data = bills(BilledBaseline, MONTHS[:10], end=dt.date(2022, 12, 31))

    (finding,) = billing_sufficiency(data)

    assert finding.name == "days_missing"
    assert finding.blocking


def test_use_that_temperature_has_no_part_in_is_said():
    model = fit_billing(bills(BilledBaseline, MONTHS, use=lambda t: np.where(np.arange(len(t)) % 60 < 30, 90.0, 110.0)))

    assert model.name == "1P"
    assert "flat_model" in {finding.name for finding in billing_findings(model)}


def test_baseline_and_reporting_bills_cannot_be_exchanged_and_a_period_is_not_compared_with_itself():
    model = fit_billing(bills(BilledBaseline, MONTHS))

    with pytest.raises(TypeError):
        fit_billing(bills(BilledReporting, MONTHS))
    with pytest.raises(TypeError):
        estimate_billing_savings(model, bills(BilledBaseline, MONTHS))
    overlapping = estimate_billing_savings(model, bills(BilledReporting, MONTHS))
    assert "periods_overlap" in {finding.name for finding in overlapping.findings if finding.blocking}


@pytest.mark.parametrize("broken", ["", "[]", '{"format": "baseline.fitting.DailyModel", "version": 1}'])
def test_what_is_not_a_frozen_model_of_bills_is_refused(broken):
    with pytest.raises(Refusal, match="modèle figé"):
        BillingModel.from_json(broken)


def test_nothing_to_fit_is_refused():
    with pytest.raises(Refusal, match="Aucune facture"):
        fit_billing(BilledBaseline.of([(START, START + 30 * DAY)], [np.nan], [[10.0]]))
