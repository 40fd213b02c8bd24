"""Savings: both sides over the same hours, and intervals that hold what they promise."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.fitting import BaselineData, ReportingData, estimate_savings, fit_daily
from baseline.fitting.frozen import Statistics
from baseline.fitting.student import t_two_sided
from baseline.fitting.uncertainty import g14_half_width, independent_days, sun_baltazar_daily
from tests.baseline.fitting_buildings import START, office, outdoor, year_of_days

AFTER = START + dt.timedelta(days=365)


def two_years(*, saving=0.0, seed=1, noise=6.0, n=365):
    before, after = year_of_days(), year_of_days(n, AFTER)
    cold, warm = outdoor(before, seed), outdoor(after, seed + 1000)
    baseline = BaselineData.of(before, office(before, cold, seed=seed, noise=noise), cold)
    measured = office(after, warm, seed=seed + 2000, noise=noise, saving=saving)
    return baseline, ReportingData.of(after, measured, warm)


@pytest.mark.parametrize("saving", [0.0, 0.1, 0.35, -0.2])
def test_a_known_saving_is_found(saving):
    baseline, reporting = two_years(saving=saving)

    savings = estimate_savings(fit_daily(baseline), reporting)

    assert savings.savings_percent == pytest.approx(100.0 * saving, abs=1.0)
    assert savings.avoided_energy_kwh == pytest.approx(savings.total_adjusted_baseline_kwh - savings.total_measured_kwh)
    assert savings.days_left_out == 0


def test_an_hour_short_leaves_both_sides_together():
    baseline, reporting = two_years()
    model = fit_daily(baseline)
    hours = np.full(365, 24.0)
    hours[100] = 23.0
    kwh = reporting.kwh.copy()
    kwh[100] *= 23.0 / 24.0
    short = ReportingData.of(reporting.days, kwh, reporting.temperature_c, hours=hours)

    whole, less = estimate_savings(model, reporting), estimate_savings(model, short)

    assert less.days_counted == 365
    assert less.total_measured_kwh == pytest.approx(math.fsum(kwh))
    assert less.adjusted_baseline_kwh[100] == pytest.approx(whole.adjusted_baseline_kwh[100] * 23.0 / 24.0)


def test_incomplete_days_leave_both_sides_and_say_why():
    baseline, reporting = two_years()
    hours, kwh, temperature = np.full(365, 24.0), reporting.kwh.copy(), reporting.temperature_c.copy()
    hours[0], kwh[1], temperature[2] = 21.0, np.nan, np.nan
    gappy = ReportingData.of(reporting.days, kwh, temperature, hours=hours)

    savings = estimate_savings(fit_daily(baseline), gappy)

    assert savings.reasons[:4] == ("partial_day", "missing_energy", "missing_temperature", "measured")
    assert savings.days_left_out == 3
    assert savings.total_measured_kwh == pytest.approx(math.fsum(kwh[3:]))
    assert np.isnan(savings.adjusted_baseline_kwh[:3]).all()


def test_days_absent_from_the_file_count_as_left_out():
    baseline, reporting = two_years()
    half = ReportingData.of(
        reporting.days[:150], reporting.kwh[:150], reporting.temperature_c[:150], end=reporting.days[-1]
    )

    savings = estimate_savings(fit_daily(baseline), half)

    assert (savings.days_counted, savings.days_left_out) == (150, 215)
    assert "reporting_days_missing" in {finding.name for finding in savings.findings}


def test_colder_days_than_ever_seen_are_flagged_and_do_not_block():
    baseline, reporting = two_years()
    temperature = reporting.temperature_c.copy()
    temperature[7] = -25.0
    savings = estimate_savings(fit_daily(baseline), ReportingData.of(reporting.days, reporting.kwh, temperature))

    (finding,) = [one for one in savings.findings if one.name == "extrapolation"]
    assert finding.data["far"] >= 1
    assert not finding.blocking


def test_overlapping_periods_block():
    baseline, _ = two_years()
    same = ReportingData.of(baseline.days, baseline.kwh, baseline.temperature_c)

    savings = estimate_savings(fit_daily(baseline), same)

    assert [finding.name for finding in savings.findings if finding.blocking] == ["periods_overlap"]


@pytest.mark.parametrize(
    ("confidence", "freedom", "expected"),
    [
        # Tables of Student's distribution (Abramowitz & Stegun, table 26.10).
        (0.90, 1, 6.313752),
        (0.95, 1, 12.706205),
        (0.95, 2, 4.302653),
        (0.99, 3, 5.840909),
        (0.90, 10, 1.812461),
        (0.95, 30, 2.042272),
        (0.80, 60, 1.295821),
        (0.90, 120, 1.657651),
        (0.90, 1e5, 1.644869),
    ],
)
def test_students_t_is_that_of_the_tables(confidence, freedom, expected):
    assert t_two_sided(confidence, freedom) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("confidence", "freedom"), [(0.0, 5), (1.0, 5), (0.9, 0)])
def test_a_quantile_that_does_not_exist_is_an_error(confidence, freedom):
    with pytest.raises(ValueError, match="no quantile"):
        t_two_sided(confidence, freedom)


def statistics(rho):
    return Statistics(365, 5, 1000.0, 360.0 * 100.0**2, rho, -2.0, 30.0, 0.1, 0.0, 0.9)


def test_guideline_14_is_the_formula_of_the_annex():
    # n' = 365 (1 - 0.5) / 1.5; MSE' = SSE / (n' - p); Y(12) = 1.3925; U = t Y sqrt(MSE' (1 + 2/n') m).
    effective = 365.0 / 3.0
    mse = 360.0 * 100.0**2 / (effective - 5.0)
    expected = t_two_sided(0.9, 360) * 1.3925 * math.sqrt(mse * (1.0 + 2.0 / effective) * 365.0)

    assert sun_baltazar_daily(12) == pytest.approx(1.3925, abs=1e-4)
    assert independent_days(365, 0.5) == pytest.approx(effective)
    assert g14_half_width(statistics(0.5), 365, 12, 0.9) == pytest.approx(expected)


@given(low=st.floats(0.0, 0.98), more=st.floats(0.0, 0.01))
def test_correlated_residuals_never_narrow_the_interval(low, more):
    narrow, wide = (g14_half_width(statistics(rho), 365, 12, 0.9) for rho in (low, low + more))

    assert wide >= narrow


def test_the_interval_is_defined_where_nothing_was_saved():
    baseline, reporting = two_years(saving=0.0)
    savings = estimate_savings(fit_daily(baseline), reporting)

    for interval in savings.intervals.values():
        assert interval.low < savings.avoided_energy_kwh < interval.high
        assert interval.half_width < 0.1 * savings.total_adjusted_baseline_kwh


def test_more_confidence_is_a_wider_interval():
    baseline, reporting = two_years()
    model = fit_daily(baseline)
    some, more = (estimate_savings(model, reporting, confidence).intervals for confidence in (0.8, 0.95))

    for name in ("g14", "empirical"):
        assert more[name].half_width > some[name].half_width


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), saving=st.floats(-0.3, 0.5))
def test_the_empirical_interval_holds_the_truth_of_a_steady_building(seed, saving):
    baseline, reporting = two_years(seed=seed, saving=saving)
    savings = estimate_savings(fit_daily(baseline), reporting, 0.99)
    after = year_of_days(365, AFTER)
    truth = saving * float(office(after, reporting.temperature_c, noise=0.0).sum())

    assert savings.intervals["empirical"].low <= truth <= savings.intervals["empirical"].high
