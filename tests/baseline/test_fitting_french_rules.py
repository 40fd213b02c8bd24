"""N'B = NB x DJU / DJUc and the signature at base 18, for comparison with the fitted model."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from baseline.fitting import BaselineData, BilledBaseline, ReportingData, french_rules, rows_of_bills, rows_of_days
from baseline.fitting.french_rules import contractual_use
from tests.baseline.fitting_buildings import outdoor, year_of_days

DAYS = year_of_days()
LATER = year_of_days(365, dt.date(2023, 1, 1))


def rows(kind, days, seed, *, level=0.0, slope=10.0, saving=0.0):
    temperature = outdoor(days, seed)
    use = (1.0 - saving) * slope * np.maximum(18.0 - temperature, 0.0) + level
    return rows_of_days(kind.of(days, use, temperature))


def test_the_rule_of_three_is_right_where_all_use_is_heating():
    (nb, signature) = french_rules(rows(BaselineData, DAYS, 0), rows(ReportingData, LATER, 7, saving=0.25))

    assert (nb.rule, signature.rule) == ("nb_dju", "signature_18")
    assert nb.savings_percent == pytest.approx(25.0)
    assert signature.savings_percent == pytest.approx(25.0)


def test_hot_water_that_is_not_taken_apart_bends_the_rule_and_taken_apart_does_not():
    before = rows(BaselineData, DAYS, 0, level=80.0)
    milder = LATER[90:270]
    after = rows(ReportingData, milder, 7, level=80.0)

    bent, right = french_rules(before, after)
    apart = french_rules(before, after, hot_water_kwh_per_day=80.0)[0]

    assert abs(bent.savings_percent) > 5.0
    assert apart.savings_percent == pytest.approx(0.0, abs=1e-9)
    assert right.savings_percent == pytest.approx(0.0, abs=1e-9)


def test_bills_carry_the_degree_days_of_their_days():
    temperature = outdoor(DAYS)
    bills = BilledBaseline.of([(DAYS[0], DAYS[99])], [500.0], [temperature[:100]])

    assert rows_of_bills(bills).degree_days[0] == pytest.approx(np.maximum(18.0 - temperature[:100], 0.0).sum())


def test_a_baseline_without_winter_gives_no_rule():
    hot = rows_of_days(BaselineData.of(DAYS[:30], np.full(30, 50.0), np.full(30, 25.0)))

    assert french_rules(hot, rows(ReportingData, LATER, 7)) == ()


def test_contractual_use_follows_degree_days():
    assert contractual_use(120_000.0, 1_900.0, 2_000.0) == pytest.approx(114_000.0)
    with pytest.raises(ValueError, match="no degree days"):
        contractual_use(1.0, 1.0, 0.0)
