"""The bench of baselines: the same meters each time, honest means, and what opendsm cannot fit counted."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fleet.bench.baselines as bench
from fleet.bench.meters import generated, real
from fleet.bench.opendsm import Theirs


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
    assert found["daily_ratio"] == pytest.approx(1000.0 / found["daily"]["ms_ours"], rel=0.01)
    assert found["hourly_ratio"] > 1.0
