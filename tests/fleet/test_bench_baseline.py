"""The bench of baselines: the same meters each time, honest means, and what opendsm cannot fit counted."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

import fleet.bench.baselines as bench
from fleet.bench.meters import Meter, generated, real
from fleet.bench.opendsm import Theirs
from fleet.bench.portfolio import figures, fit_part


def test_the_generated_portfolio_is_the_same_every_time_and_grows_at_its_end():
    few, more = generated(2), generated(7)
    for one, other in zip(few, more, strict=False):
        assert (one.before.kwh == other.before.kwh).all()
        assert (one.after.celsius == other.after.celsius).all()
    assert (more[0].before.celsius == more[5].before.celsius).all(), "meters share their stations"
    assert all(meter.before.kwh.min() >= 0.0 and len(meter.after.kwh) == 8760 for meter in more)


def test_a_folder_without_reference_files_has_no_real_meters(tmp_path):
    assert real(tmp_path) == []


def test_figures_are_means_over_what_opendsm_can_fit_and_its_crashes_are_counted(monkeypatch, tmp_path):
    def pretended(_python, _model, years):
        perfect = [Theirs(1.0, after.kwh) for _, after in years]
        return [*perfect[:-1], Theirs(float("nan"), np.empty(0))]

    monkeypatch.setattr(bench, "fits", pretended)
    monkeypatch.setattr(bench, "_speed", lambda batch: {"meters": len(batch)})
    meters = generated(3)
    found = json.loads(json.dumps(bench.baselines(meters, meters, tmp_path, lambda _: None)))
    assert found["opendsm_crashes"] == 2, "one by day, one by hour"
    assert found["cv_rmse_opendsm"] == found["annual_error_opendsm"] == 0.0, "it was given the answer"
    assert found["daily"]["meters_in_means"] == 2
    fitted = [line for line in found["daily"]["by_meter"] if line["ms_opendsm"]]
    assert found["cv_rmse_ours"] == pytest.approx(np.mean([line["cv_rmse"][0] for line in fitted]), abs=1e-4)
    assert 0.0 < found["annual_error_ours"] < 0.1
    assert found["daily_ratio"] == pytest.approx(1000.0 / found["daily"]["ms_ours_batched"], rel=0.01)
    assert found["daily_ratio_one_by_one"] == pytest.approx(1000.0 / found["daily"]["ms_ours"], rel=0.01)
    assert found["daily"]["batch"] == 6
    assert found["hourly_ratio"] > 1.0


def test_a_meter_of_one_year_is_timed_and_told_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "fits", lambda _python, _model, years: [Theirs(1.0, after.kwh) for _, after in years])
    monkeypatch.setattr(bench, "_speed", lambda batch: {"meters": len(batch)})
    steady, home = generated(2)
    home = Meter("home", home.before, home.before, real=True)
    found = bench.baselines([steady, home], [steady], tmp_path, lambda _: None)
    assert found["daily"]["meters_in_means"] == 1
    assert found["daily"]["of_one_year"]["meters"] == 1
    assert found["cv_rmse_ours"] == pytest.approx(found["daily"]["generated"]["cv_rmse_ours"])


def test_homes_are_joined_with_the_weather_of_their_file(tmp_path):
    hours = [f"2016-01-{day:02}T{hour:02}:00:00Z" for day in (1, 2) for hour in range(24)]
    write(tmp_path / "mv" / "be_homes_hourly_2016.csv.gz", ["ts_utc,gas_1,elec_2", *(f"{at},1.5,2" for at in hours)])
    write(tmp_path / "mv" / "be_homes_weather_2016.csv.gz", ["ts_utc,temp_c", *(f"{at},9.25" for at in hours[1:])])
    gas, power = real(tmp_path)
    assert (gas.name, power.name) == ("home gas_1", "home elec_2")
    assert gas.one_year
    assert gas.before.kwh.tolist() == [1.5] * 48
    assert np.isnan(gas.before.celsius[0])
    assert set(gas.before.celsius[1:].tolist()) == {9.25}


def write(path, lines):
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))


def test_a_whole_portfolio_is_the_same_buildings_in_any_batches():
    whole, last = generated(7), generated(2, first=5)
    assert [meter.name for meter in last] == [meter.name for meter in whole[5:]]
    assert all((one.before.kwh == other.before.kwh).all() for one, other in zip(last, whole[5:], strict=True))
    batches = [fit_part("daily", 0, 2), fit_part("daily", 2, 1)]
    found = figures(batches, 60.0)
    assert (found["minutes"], found["refused"], found["buildings_per_s"]) == (1.0, 0, 0.1)
    assert found["fit_ms"] > 0.0
