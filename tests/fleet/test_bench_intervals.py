"""The empirical interval keeps its promise on buildings nothing was done to."""

from __future__ import annotations

import gzip

import pytest

from fleet.bench.coverage import by_bill, by_day, coverage
from fleet.bench.meters import generated


def test_the_empirical_interval_holds_the_truth_of_drifting_buildings_and_the_guideline_is_narrower():
    (found,) = coverage(by_day(generated(24))).values()
    assert found["years"] == found["empirical"]["said"] == 24
    assert found["empirical"]["covered"] >= 0.85
    assert found["g14"]["covered"] < found["empirical"]["covered"]
    assert found["g14"]["half_width"] < found["empirical"]["half_width"]


def test_bills_of_two_years_are_compared_and_shorter_ones_left_out(tmp_path):
    (tmp_path / "mv").mkdir()
    lines = ["building_id,energy_type,period_end,usage_per_day_per_sqft,temp_c,is_estimated"]
    for building, months in (("whole", 24), ("short", 23)):
        for month in range(months):
            celsius = [2, 3, 7, 11, 16, 20, 23, 22, 18, 13, 8, 4][month % 12]
            use = 5.0 + max(15 - celsius, 0) + 0.1 * (month % 5)
            lines.append(f"{building},Fuel,{2015 + month // 12}-{month % 12 + 1:02}-28,{use},{celsius},0")
    with gzip.open(tmp_path / "mv" / "nyc_monthly_unretrofit.csv.gz", "wt") as file:
        file.write("\n".join(lines))
    found = coverage(by_bill(tmp_path))
    assert found["bills, real, Fuel"]["years"] == 1
    assert found["bills, real, Fuel"]["empirical"]["covered"] == pytest.approx(1.0)


def test_a_folder_without_bills_has_none(tmp_path):
    assert coverage(by_bill(tmp_path)) == {}
