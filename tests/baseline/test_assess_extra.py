"""`fleet baseline assess --model hourly --extra COL`: a variable beside time and temperature."""

from __future__ import annotations

import datetime as dt
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from baseline.cli import group

START = dt.datetime(2022, 1, 3, tzinfo=dt.UTC)
YEARS = ("--baseline", "2022-01-03/2023-01-01", "--reporting", "2023-01-02/2023-12-31")
COLUMNS = ("--time", "time", "--energy", "kwh", "--temperature", "temp", "--timezone", "UTC", "--model", "hourly")
PER_VISITOR = 0.05
SAVING = 0.1


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A pool heated below 15 °C that uses 0.05 kWh a visitor; half as many again come in the second year."""
    rng = np.random.default_rng(8)
    hours = [START + dt.timedelta(hours=n) for n in range(2 * 364 * 24)]
    at = np.arange(len(hours))
    temp = 12.0 - 9.0 * np.cos(2 * math.pi * (at / 24 - 20) / 365) + 3 * np.sin(2 * math.pi * at / 24)
    temp += np.repeat(rng.normal(0, 2, len(at) // 24), 24)
    after = at >= 364 * 24
    daily = np.repeat(rng.uniform(40, 160, len(at) // 24), 24)
    visitors = np.where((at % 24 >= 9) & (at % 24 < 20), daily, 0.0) * np.where(after, 1.5, 1.0)
    own = 20.0 + 1.5 * np.maximum(15.0 - temp, 0.0)
    kwh = np.where(after, 1.0 - SAVING, 1.0) * own + PER_VISITOR * visitors + rng.normal(0, 0.3, len(at))
    rows = [f"{hour},{e:.4f},{t:.3f},{v:.1f}" for hour, e, t, v in zip(hours, kwh, temp, visitors, strict=True)]
    file = tmp_path_factory.mktemp("pool") / "piscine.csv"
    file.write_text("\n".join(["time,kwh,temp,visitors", *rows, ""]), encoding="utf-8")
    return file, 100.0 * SAVING * float(own[after].sum() / (own + PER_VISITOR * visitors)[after].sum())


def answer(file, *words):
    result = CliRunner().invoke(group, ["assess", str(file), *COLUMNS, *YEARS, *words, "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_variable_told_keeps_more_visitors_from_hiding_the_saving(pool):
    file, truth = pool

    plain, told = answer(file), answer(file, "--extra", "visitors")

    assert abs(plain["savings_percent"] - truth) > 3.0
    assert told["savings_percent"] == pytest.approx(truth, abs=0.5)
    assert told["unadjusted_savings_percent"] == pytest.approx(told["savings_percent"], abs=0.01)
    assert told["measured_kwh"] == pytest.approx(plain["measured_kwh"], rel=1e-6)
    (term,) = told["frozen_model"]["further_variables"]
    assert term["name"] == "visitors"
    assert float(term["kwh_per_unit"]) == pytest.approx(PER_VISITOR, rel=0.05)
    assert "further_variables" not in plain["frozen_model"]


def test_hours_without_the_variable_leave_both_sides(pool, tmp_path):
    file, truth = pool
    lines = file.read_text(encoding="utf-8").splitlines()
    blind = [line.rsplit(",", 1)[0] + "," if line.startswith("2023-05-1") else line for line in lines]
    holed = tmp_path / "trou.csv"
    holed.write_text("\n".join([*blind, ""]), encoding="utf-8")

    told = answer(holed, "--extra", "visitors")

    assert told["reporting"]["days"] == 364 - 10
    assert told["savings_percent"] == pytest.approx(truth, abs=0.6)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("--model", "daily", "--extra", "visitors"), "--model hourly"), (("--extra", "nobody"), "nobody")],
)
def test_what_cannot_be_used_is_refused(pool, words, sentence):
    result = CliRunner().invoke(group, ["assess", str(pool[0]), *COLUMNS, *YEARS, *words])
    assert result.exit_code == 2
    assert sentence in result.stderr
