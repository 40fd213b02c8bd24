"""`fleet baseline assess`: the answer, in JSON and in French, from hours or days, however the file is written."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from baseline.cli import group
from foundation.time import local_midnight
from tests.baseline.fitting_buildings import office, outdoor, year_of_days

PARIS = ZoneInfo("Europe/Paris")
BEFORE, AFTER = "2022-01-01/2022-12-31", "2023-01-01/2023-12-31"
KEYS = {
    "model",
    "n_parameters",
    "cv_rmse",
    "nmbe",
    "r_squared",
    "findings",
    "adjusted_baseline_kwh",
    "measured_kwh",
    "avoided_energy_kwh",
    "savings_percent",
    "interval",
}


def run(*words):
    return CliRunner().invoke(group, ["assess", *map(str, words)])


def answer(file, *words, energy="kwh", zone="Europe/Paris", baseline=BEFORE, reporting=AFTER):
    options = ["--time", "t", "--energy", energy, "--temperature", "temp", "--timezone", zone, "--baseline", baseline]
    options += ["--reporting", reporting] if reporting else []
    result = run(file, *options, *words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def days():
    return year_of_days(730)


@pytest.fixture(scope="module")
def building(days):
    """Two years of an office, 20 % saved in the second: temperature and kWh by day."""
    temperature = outdoor(days)
    energy = office(days, temperature)
    energy[365:] = office(days[365:], temperature[365:], saving=0.2, seed=9)
    return temperature, energy


@pytest.fixture
def daily(tmp_path, days, building):
    return written(tmp_path / "jours.csv", [f"{d},{e:.4f},{t:.4f}" for d, t, e in zip(days, *building, strict=True)])


def written(path, rows, header="t,kwh,temp", *, packed=False, encoding="utf-8"):
    content = "\n".join([header, *rows, ""]).encode(encoding)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def hourly_rows(days, building, stamp):
    """One row per hour of every local day; `stamp` writes a UTC instant."""
    for day, temperature, energy in zip(days, *building, strict=True):
        at, end = local_midnight(day, PARIS), local_midnight(day + dt.timedelta(days=1), PARIS)
        hours = round((end - at).total_seconds() / 3600)
        for hour in range(hours):
            yield f"{stamp(at + dt.timedelta(hours=hour))},{energy / 24:.6f},{temperature:.4f}"


def test_days_give_the_saving_that_is_in_them(daily, building):
    result = answer(daily)

    assert set(result) >= KEYS
    assert result["savings_percent"] == pytest.approx(20.0, abs=1.0)
    assert result["measured_kwh"] == pytest.approx(building[1][365:].sum(), abs=0.1)
    assert result["avoided_energy_kwh"] == pytest.approx(
        result["adjusted_baseline_kwh"] - result["measured_kwh"], abs=1e-3
    )
    assert result["savings_percent"] == pytest.approx(
        100.0 * result["avoided_energy_kwh"] / result["adjusted_baseline_kwh"]
    )
    interval = result["interval"]["g14"]
    assert interval["low"] < result["avoided_energy_kwh"] < interval["high"]
    assert interval["confidence"] == 0.9
    assert result["reporting"]["days"] == 365
    assert result["reporting"]["days_left_out"] == 0


@pytest.mark.parametrize(
    "stamp",
    [
        lambda at: at.astimezone(PARIS).strftime("%Y-%m-%d %H:%M"),
        lambda at: at.astimezone(PARIS).strftime("%d/%m/%Y %H:%M"),
        lambda at: at.astimezone(PARIS).isoformat(),
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    ],
    ids=["local", "french", "offset", "utc"],
)
def test_hours_give_the_same_days_whatever_their_stamps(tmp_path, days, building, stamp):
    """Days of 23 and 25 hours included: both sides take them by their length, and no kWh is lost."""
    rows = list(hourly_rows(days, building, stamp))
    file = written(tmp_path / "heures.csv.gz", rows, packed=True)

    result = answer(file)

    measured = sum(float(row.split(",")[1]) for row, day in zip_days(rows, days) if day.year == 2023)
    assert result["measured_kwh"] == pytest.approx(measured, abs=0.01)
    assert result["reporting"]["days"] == 365
    assert result["savings_percent"] == pytest.approx(20.0, abs=1.0)
    assert not [finding for finding in result["findings"] if finding["blocking"]]


def zip_days(rows, days):
    """Pair each hourly row with its local day."""
    place = 0
    for day in days:
        length = local_midnight(day + dt.timedelta(days=1), PARIS) - local_midnight(day, PARIS)
        for _ in range(round(length.total_seconds() / 3600)):
            yield rows[place], day
            place += 1


def test_a_clock_that_ignores_summer_time_is_read_in_standard_time(tmp_path, days, building):
    def standard(at):
        return (at + dt.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")

    file = written(tmp_path / "hiver.csv", list(hourly_rows(days, building, standard)))

    result = answer(file)

    assert "standard_time" in {finding["name"] for finding in result["findings"]}
    assert result["reporting"]["days"] == 365


@pytest.mark.parametrize(
    ("header", "comma", "encoding"),
    [("t;kwh;temp", True, "utf-8-sig"), ("t;kwh;temp", False, "utf-8"), ("t\tkwh\ttemp", True, "utf-8")],
)
def test_semicolons_decimal_commas_and_byte_order_marks_are_read(tmp_path, daily, header, comma, encoding):
    separator = header[1]
    rows = [row.replace(",", separator) for row in daily.read_text().splitlines()[1:]]
    if comma:
        rows = [row.replace(".", ",") for row in rows]

    assert answer(written(tmp_path / "fr.csv", rows, header, encoding=encoding)) == answer(daily)


@pytest.mark.parametrize(("unit", "factor"), [("MWh", 1e-3), ("BTU", 3412.14163312794), ("kW", 1 / 24), ("kwh", 1.0)])
def test_units_come_back_to_kwh(tmp_path, days, building, unit, factor):
    rows = [f"{d},{e * factor!r},{t!r}" for d, t, e in zip(days, *(x.tolist() for x in building), strict=True)]

    result = answer(written(tmp_path / "unit.csv", rows), "--unit", unit, zone="Etc/GMT-1")

    assert result["measured_kwh"] == pytest.approx(building[1][365:].sum(), rel=1e-6)
    assert result["savings_percent"] == pytest.approx(20.0, abs=1.0)


def test_rows_are_filtered_and_filters_add_up(tmp_path, days, building):
    rows = []
    for d, t, e in zip(days, *building, strict=True):
        rows += [f"{d},{e},{t},main,a", f"{d},{e * 2},{t},main,b", f"{d},{e * 3},{t},sub,a"]
    file = written(tmp_path / "phases.csv", rows, "t,kwh,temp,meter,run")

    one = answer(file, "--where", "meter=main", "--where", "run=a, c")
    refused = run(
        file, "--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "UTC", "--baseline", BEFORE
    )

    assert one["measured_kwh"] == pytest.approx(building[1][365:].sum(), abs=0.01)
    assert refused.exit_code == 2
    assert "--where" in refused.stderr
    assert "Ligne 3" in refused.stderr


@pytest.mark.parametrize("weather_by", ["hour", "day"])
@pytest.mark.parametrize("energy_by", ["hour", "day"])
def test_weather_may_be_apart_by_hour_or_by_day(tmp_path, days, building, energy_by, weather_by):
    hours = list(hourly_rows(days, building, lambda at: at.strftime("%Y-%m-%dT%H:%MZ")))
    rows = {"hour": hours, "day": [f"{d},{e},{t}" for d, t, e in zip(days, *building, strict=True)]}
    energy = written(tmp_path / "e.csv", [row.rsplit(",", 1)[0] for row in rows[energy_by]], "t,kwh")
    weather = written(tmp_path / "w.csv", [",".join(row.split(",")[::2]) for row in rows[weather_by]], "when,temp")

    result = answer(energy, "--temperature-file", weather)

    assert result["savings_percent"] == pytest.approx(20.0, abs=1.0)
    assert result["reporting"]["days"] == 365


def test_without_a_reporting_period_the_baseline_is_assessed_alone(daily):
    result = answer(daily, reporting=None)

    assert result["cv_rmse"] < 0.1
    for key in ("adjusted_baseline_kwh", "measured_kwh", "avoided_energy_kwh", "savings_percent", "interval"):
        assert result[key] is None


def test_four_months_are_assessed_with_a_blocking_finding(daily):
    result = answer(daily, baseline="2022-01-01/2022-04-30")

    (finding,) = [one for one in result["findings"] if one["name"] == "baseline_too_short"]
    assert finding["blocking"]
    assert "120 jours" in finding["description"]


def test_confidence_widens_the_interval(daily):
    some, more = (answer(daily, "--confidence", level)["interval"]["g14"] for level in ("0.8", "0.95"))

    assert more["high"] - more["low"] > some["high"] - some["low"]
    assert more["confidence"] == 0.95


@pytest.fixture
def daily_with_event(tmp_path, days, building):
    """The same office, with 45 kWh a day more from 5 June to 16 July of the second year."""
    rows = []
    for d, t, e in zip(days, *building, strict=True):
        extra = 45.0 if dt.date(2023, 6, 5) <= d <= dt.date(2023, 7, 16) else 0.0
        rows.append(f"{d},{e + extra:.4f},{t:.4f}")
    return written(tmp_path / "evenement.csv", rows)


def test_an_untold_event_is_suggested_and_a_told_one_is_adjusted_for(daily_with_event, tmp_path):
    events = written(
        tmp_path / "events.csv", ["2023-06-05,2023-07-16,drop,,chantier voisin"], "start,end,method,energy_kwh,reason"
    )

    untold = answer(daily_with_event)
    told = answer(daily_with_event, "--event", "2023-06-05/2023-07-16")
    filed = answer(daily_with_event, "--events", events)

    (suggested,) = untold["suggested_events"]
    assert abs((dt.date.fromisoformat(suggested["start"]) - dt.date(2023, 6, 5)).days) <= 3
    assert suggested["effect_kwh"] == pytest.approx(-42 * 45.0, rel=0.2)
    assert untold["unadjusted_savings_percent"] == pytest.approx(untold["savings_percent"])
    for result in (told, filed):
        assert result["savings_percent"] == pytest.approx(20.0, abs=1.0)
        assert result["unadjusted_savings_percent"] == pytest.approx(untold["savings_percent"])
        assert result["suggested_events"] == []
    assert filed["events"][0]["reason"] == "chantier voisin"
    assert filed["reporting"]["days"] == 365 - 42


def test_the_summary_names_events(daily_with_event):
    options = ["--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris"]
    periods = ["--baseline", BEFORE, "--reporting", AFTER]

    assert "À vérifier : du " in run(daily_with_event, *options, *periods).stdout
    told = run(daily_with_event, *options, *periods, "--event", "2023-06-05/2023-07-16:estimate:1890").stdout
    assert "Événement du 5 juin 2023 au 16 juillet 2023 : +1\u202f890 kWh" in told
    assert "Sans ces corrections" in told


def test_the_same_file_gives_the_same_answer_to_the_last_digit(daily):
    assert answer(daily) == answer(daily)


def test_the_french_summary_says_the_answer_first(daily):
    result = run(
        daily,
        *("--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris"),
        *("--baseline", BEFORE, "--reporting", AFTER),
    )

    assert result.exit_code == 0
    first = result.stdout.splitlines()[0]
    assert first.startswith("Du 1er janvier 2023 au 31 décembre 2023, le bâtiment a évité ")
    assert "±" in first
    assert "Référence ajustée" in result.stdout
    assert "CV(RMSE)" in result.stdout


def test_the_command_needs_no_database_no_settings_and_no_heavy_library(daily, tmp_path):
    """A fresh process in an empty place, without the environment of the product."""
    program = (
        "import sys; from baseline.cli import group\n"
        "try: group()\n"
        "finally: print(*sorted({'sqlalchemy','pandas','pyramid','celery','psycopg'} & set(sys.modules)), "
        "file=sys.stderr)"
    )
    root = Path(__file__).resolve().parents[2]
    words = ["assess", daily, "--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris"]
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, words), "--baseline", BEFORE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == ""
    assert done.stdout.startswith("Référence du")


def test_building_6_or_its_twin(tmp_path):
    """A real office, 2009 before, 2011 after; without the reference data, a generated twin of the same shape."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    if folder:
        file = Path(folder) / "mv" / "building6_hourly_pre_during_post.csv.gz"
        expected, tolerance, measured = 22.7, 0.7, 236_110.1
    else:
        file, measured = twin_of_building_6(tmp_path)
        expected, tolerance = 22.7, 1.0

    result = json.loads(
        run(
            file,
            *("--time", "ts_local", "--energy", "power_kw", "--temperature", "temp_c", "--timezone", "Etc/GMT-1"),
            *("--baseline", "2009-01-02/2009-12-31", "--reporting", "2011-01-01/2011-12-31", "--unit", "kW", "--json"),
        ).stdout
    )

    assert result["savings_percent"] == pytest.approx(expected, abs=tolerance)
    assert result["measured_kwh"] == pytest.approx(measured, abs=0.1)
    assert result["baseline"]["days"] == 364
    assert result["reporting"]["days"] == 365
    assert result["cv_rmse"] < 0.13
    assert not [finding for finding in result["findings"] if finding["blocking"]]


def twin_of_building_6(tmp_path):
    """Hours at fixed UTC+1, one hour of the first Sunday of April missing each year, 22.7 % saved in 2011."""
    rows, measured = [], 0.0
    for year, saving in ((2009, 0.0), (2011, 0.227)):
        days = year_of_days(365, dt.date(year, 1, 1))[year == 2009 :]
        temperature = outdoor(days, year)
        power = office(days, temperature, seed=year, saving=saving) / 24.0
        for day, warm, kw in zip(days, temperature, power, strict=True):
            skipped = day.month == 4 and day.day <= 7 and day.weekday() == 6
            hours = [hour for hour in range(24) if not (skipped and hour == 2)]
            rows += [f"{day} {hour:02}:00,x,{kw:.9f},{warm:.4f}" for hour in hours]
            measured += len(hours) * round(kw, 9) if year == 2011 else 0.0
    return written(tmp_path / "twin.csv.gz", rows, "ts_local,phase,power_kw,temp_c", packed=True), measured


def hours_of_a_building(tmp_path, days, building):
    return written(tmp_path / "h.csv.gz", list(hourly_rows(days, building, lambda at: at.isoformat())), packed=True)


def test_the_hourly_model_gives_the_saving_by_the_hour(tmp_path, days, building):
    file = hours_of_a_building(tmp_path, days, building)

    by_hour, by_day = answer(file, "--model", "hourly"), answer(file)

    assert (by_hour["model_kind"], by_day["model_kind"]) == ("hourly", "daily")
    assert by_hour["model"] == "TOWT"
    assert by_hour["savings_percent"] == pytest.approx(20.0, abs=1.0)
    assert by_hour["measured_kwh"] == by_day["measured_kwh"]
    assert by_hour["frozen_model"]["daily"] == by_day["frozen_model"]
    assert set(by_hour["interval"]) == {"g14", "empirical"}


def test_the_hourly_model_refuses_days(daily):
    words = ("--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris")
    result = run(daily, *words, "--baseline", BEFORE, "--model", "hourly")

    assert result.exit_code == 2
    assert "une ligne par heure" in result.stderr
