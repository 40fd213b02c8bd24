"""`fleet baseline assess --model billing`: bills of a file, by month or of any length."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from baseline.cli import group
from tests.baseline.fitting_buildings import office, outdoor, year_of_days

YEARS = ("--baseline", "2022-01-01/2022-12-31", "--reporting", "2023-01-01/2023-12-31")
COLUMNS = ("--time", "end", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris")


def run(file, *words):
    return CliRunner().invoke(group, ["assess", str(file), *map(str, words)])


def answer(file, *words):
    result = run(file, *COLUMNS, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def saved(path, header, rows):
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def building():
    """Two years of days: temperature and kWh; 20 % are saved in the second."""
    days = year_of_days(730)
    temperature = outdoor(days)
    energy = office(days, temperature)
    energy[365:] = office(days[365:], temperature[365:], saving=0.2, seed=9)
    return days, temperature, energy


def months(building):
    """One row a month: last day, kWh, mean temperature, days."""
    days, temperature, energy = building
    number = np.array([day.year * 12 + day.month for day in days])
    for month in np.unique(number):
        here = number == month
        yield (
            max(day for day, kept in zip(days, here, strict=True) if kept),
            energy[here].sum(),
            temperature[here].mean(),
        )


@pytest.fixture
def monthly(tmp_path, building):
    return saved(tmp_path / "mois.csv", "end,kwh,temp", [f"{d},{e:.4f},{t:.4f}" for d, e, t in months(building)])


def test_monthly_bills_are_recognised_and_give_the_saving(monthly):
    result = answer(monthly, *YEARS)

    assert result["model_kind"] == "billing"
    assert result["savings_percent"] == pytest.approx(20.0, abs=2.0)
    assert set(result["interval"]) == {"g14", "empirical"}
    assert result["baseline"]["days"] == result["reporting"]["days"] == 365
    assert not [finding for finding in result["findings"] if finding["blocking"]]
    assert answer(monthly, *YEARS, "--model", "billing") == result


def test_days_are_summed_by_month_when_bills_are_asked_for(tmp_path, building, monthly):
    days, temperature, energy = building
    rows = [f"{d},{e:.4f},{t:.4f}" for d, e, t in zip(days, energy, temperature, strict=True)]
    daily = answer(saved(tmp_path / "jours.csv", "end,kwh,temp", rows), *YEARS, "--model", "billing")

    billed = answer(monthly, *YEARS)
    assert daily["model_kind"] == "billing"
    assert daily["savings_percent"] == pytest.approx(billed["savings_percent"], abs=0.3)
    assert "bills_of_days" in {finding["name"] for finding in daily["findings"]}

    gap = [row for row in rows if not row.startswith("2023-05-1")]
    short = answer(saved(tmp_path / "trou.csv", "end,kwh,temp", gap), *YEARS, "--model", "billing")
    assert short["reporting"]["days"] == 365 - 10
    assert short["savings_percent"] == pytest.approx(billed["savings_percent"], abs=0.5)


def test_an_event_adds_to_the_bills_it_touches_only(monthly):
    """Half of the 62 days lie before the period: half of the kWh are of it."""
    told = ("--event", "2022-12-01/2023-01-31:estimate:6200")

    adjusted, plain = (answer(monthly, *YEARS, *words) for words in (told, ()))

    assert adjusted["events"][0]["energy_kwh"] == pytest.approx(3100.0)
    assert adjusted["avoided_energy_kwh"] - plain["avoided_energy_kwh"] == pytest.approx(3100.0, abs=0.01)


def test_use_per_day_and_other_units_come_back_to_kwh(tmp_path, building, monthly):
    rows = [f"{d},{e / d.day / 1000:.9f},{t:.4f}" for d, e, t in months(building)]
    file = saved(tmp_path / "jour.csv", "end,kwh,temp", rows)

    result = answer(file, *YEARS, "--per-day", "--unit", "MWh")

    assert result["measured_kwh"] == pytest.approx(answer(monthly, *YEARS)["measured_kwh"], abs=0.1)


def test_bills_of_any_length_with_daily_weather(tmp_path, building):
    days, temperature, energy = building
    weather = saved(tmp_path / "meteo.csv", "jour,temp", [f"{d},{t}" for d, t in zip(days, temperature, strict=True)])
    edges = [0, 33, 61, 95, 120, 152, 190, 214, 250, 279, 310, 338, 365]
    edges += [365 + edge for edge in edges[1:]]
    rows = [f"{days[a]},{days[b - 1]},{energy[a:b].sum()}" for a, b in pairwise(edges)]
    told = saved(tmp_path / "factures.csv", "start,end,kwh", rows)
    untold = saved(tmp_path / "sans.csv", "end,kwh", [row.split(",", 1)[1] for row in rows])

    result = answer(told, *YEARS, "--temperature-file", weather, "--period-start", "start")
    inferred = answer(untold, *YEARS, "--temperature-file", weather)

    assert result["savings_percent"] == pytest.approx(20.0, abs=1.5)
    assert result["baseline"]["days"] == 365
    # The first bill of all begins on a day nobody told.
    assert inferred["baseline"]["days"] == 365 - 33
    assert "bill_start_unknown" in {finding["name"] for finding in inferred["findings"]}


def test_a_month_that_is_not_in_the_file_is_not_added_to_the_next(monthly, tmp_path):
    lines = monthly.read_text(encoding="utf-8").splitlines()
    file = saved(tmp_path / "trou.csv", lines[0], lines[1:16] + lines[17:])

    result = answer(file, *YEARS)

    assert result["reporting"]["days"] == 365 - 30
    assert result["savings_percent"] == pytest.approx(20.0, abs=2.5)


def test_the_summary_speaks_of_bills(monthly):
    text = run(monthly, *COLUMNS, *YEARS).stdout

    assert "modèle de factures" in text
    assert "12 factures" in text
    assert "Jours comptés       365 sur 365" in text


@pytest.mark.parametrize(
    ("rows", "words", "sentence"),
    [
        (["2022-01-31,1,2", "2022-02-28,x,2"], (), "Ligne 3 : « x »"),
        (["2022-01-31,1,2", "2022-02-28,1,2"], ("--period-start", "debut"), "« debut »"),
        (["2022-01-31 05:00,1,2"], ("--model", "billing"), "sans heure"),
        (["2022-02-28,1,2", "2022-03-31,1,2"], ("--model", "billing"), "Aucune facture"),
    ],
)
def test_bills_that_cannot_be_read_are_refused(tmp_path, rows, words, sentence):
    baseline = ("--baseline", "2022-02-05/2022-03-10") if "Aucune" in sentence else YEARS[:2]
    result = run(saved(tmp_path / "x.csv", "end,kwh,temp", rows), *COLUMNS, *baseline, *words)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_bills_that_overlap_are_refused(tmp_path):
    rows = ["2022-01-01,2022-01-31,1,2", "2022-01-20,2022-02-28,1,2"]
    file = saved(tmp_path / "x.csv", "start,end,kwh,temp", rows)

    result = run(file, *COLUMNS, *YEARS[:2], "--model", "billing", "--period-start", "start")

    assert result.exit_code == 2
    assert "en recouvre une autre" in result.stderr


@pytest.mark.parametrize("energy", ["Elec", "Fuel"])
def test_real_bills_of_a_retrofitted_building_or_a_generated_one(tmp_path, energy, building):
    """New York municipal building 57, 12 months before and after; a generated twin where the data is absent."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    if folder:
        file = Path(folder) / "mv" / "nyc_monthly_retrofit.csv.gz"
    else:
        rows = []
        for end, kwh, temperature in months(building):
            rows.append(f"57,{energy},{end},{'1' if end.year == 2022 else '3'},{kwh / end.day},{temperature}")
        header = "building_id,energy_type,period_end,prepost,usage_per_day,temp_c"
        file = saved(tmp_path / "twin.csv", header, rows)
    periods = ("2014-06-01/2015-05-31", "2015-07-01/2016-06-30") if folder else (YEARS[1], YEARS[3])
    unit = "BTU" if energy == "Fuel" else "kWh"
    result = run(
        file,
        *("--time", "period_end", "--energy", "usage_per_day", "--temperature", "temp_c", "--timezone", "UTC"),
        *("--where", "building_id=57", "--where", f"energy_type={energy}", "--where", "prepost=1,3", "--per-day"),
        *(
            "--baseline",
            periods[0],
            "--reporting",
            periods[1],
            "--unit",
            unit,
            "--json",
        ),
    )
    found = json.loads(result.stdout)

    assert found["model_kind"] == "billing"
    assert found["cv_rmse"] < 0.2
    assert found["reporting"]["days_left_out"] == 0
    assert found["interval"]["empirical"]["low"] < found["avoided_energy_kwh"] < found["interval"]["empirical"]["high"]
