"""Frozen numbers and frozen models of earlier days: what a plan signed stays readable to the last digit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from baseline.fitting import DailyModel
from baseline.fitting.frozen import frozen, rounded, rounded_array
from tests.baseline.fitting_buildings import year_of_days

VERSION_1 = {
    "format": "baseline.fitting.DailyModel",
    "version": 1,
    "model": "3PH",
    "n_parameters": 3,
    "baseline": {"start": "2022-01-01", "end": "2022-12-31", "days": 365},
    "calendar": {"holidays": ["2022-07-14"], "vacations": [], "windows": []},
    "day_types": {"regime": [[0] * 7] * 3, "level": [[0] * 7] * 3},
    "regimes": [
        {
            "curve": "3PH",
            "heating_slope": "11.5",
            "heating_balance_point": "14.25",
            "cooling_slope": "0",
            "cooling_balance_point": None,
            "levels": ["300.123456789"],
            "coldest": "-1.5",
            "warmest": "27.25",
        }
    ],
    "statistics": {
        "mean_kwh": "340.5",
        "sse": "1234.5",
        "autocorrelation": "0.25",
        "coldest": "-1.5",
        "warmest": "27.25",
        "cv_rmse": "0.0512",
        "nmbe": "0",
        "r_squared": None,
        "month_errors": ["1.5", "-0.75"],
    },
}
"""As plans of version 1 keep it: written out, not made by the code under test."""


def test_a_plan_frozen_under_version_1_is_still_read_and_gives_the_same_kwh():
    model = DailyModel.from_json(VERSION_1)

    assert model.to_json() == VERSION_1
    assert model.predict(year_of_days(2), [4.25, 20.0]).tolist() == [300.123456789 + 115.0, 300.123456789]
    assert model.statistics.month_errors == (1.5, -0.75)
    assert model.statistics.r_squared is None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30), max_size=30))
def test_many_numbers_are_rounded_to_what_is_read_back(values):
    kept = rounded_array(np.array(values))

    assert [float(frozen(value)) for value in kept.tolist()] == kept.tolist()
    for value, once in zip(values, kept.tolist(), strict=True):
        assert abs(once - rounded(value)) <= 2e-12 * abs(value) + 1e-22
