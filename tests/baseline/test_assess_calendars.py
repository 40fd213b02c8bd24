"""Holidays and vacations told to `fleet baseline assess`: by a calendar, by a file, by a column."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest
from click.testing import CliRunner

from baseline.cli import group
from tests.baseline.fitting_buildings import office, outdoor, year_of_days

TWO_YEARS = ("--baseline", "2022-01-01/2022-12-31", "--reporting", "2023-01-01/2023-12-31")

VACATIONS = frozenset(
    dt.date.fromisoformat(first) + dt.timedelta(days=i)
    for first, n in [
        *(("2022-02-05", 16), ("2022-04-09", 16), ("2022-07-08", 55), ("2022-10-22", 16), ("2022-12-17", 17)),
        *(("2023-02-11", 16), ("2023-04-15", 16), ("2023-07-08", 58), ("2023-10-21", 16), ("2023-12-23", 9)),
    ]
    for i in range(n)
)
"""School vacations of zone B (académie de Rennes) in 2022 from February on and in 2023."""


def run(file, *words):
    columns = ("--time", "t", "--energy", "kwh", "--temperature", "temp", "--timezone", "Europe/Paris")
    return CliRunner().invoke(group, ["assess", str(file), *columns, *map(str, words), "--json"])


def answer(file, *words):
    result = run(file, *words)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def names(result):
    return {finding["name"] for finding in result["findings"]}


@pytest.fixture
def school(tmp_path):
    """A school nearly closed on vacation workdays and on 14 July; nothing is saved."""
    days = year_of_days(730)
    temperature = outdoor(days)
    off = np.array([day.weekday() < 5 and (day in VACATIONS or (day.month, day.day) == (7, 14)) for day in days])
    energy = np.where(off, 0.45, 1.0) * office(days, temperature)
    rows = [f"{d},{e:.3f},{t:.3f},{int(d in VACATIONS)}" for d, e, t in zip(days, energy, temperature, strict=True)]
    file = tmp_path / "ecole.csv"
    file.write_text("\n".join(["t,kwh,temp,vacances", *rows, ""]), encoding="utf-8")
    return file


@pytest.mark.parametrize("words", [("--holidays", "FR:B"), ("--holidays", "fr-b"), ("--holiday-column", "vacances")])
def test_a_school_that_follows_its_vacations_is_better_told_with_them(school, words):
    plain, told = answer(school, *TWO_YEARS), answer(school, *TWO_YEARS, *words)

    assert told["reporting"]["cv_rmse"] < 0.8 * plain["reporting"]["cv_rmse"]
    assert abs(told["savings_percent"]) < 2.0
    assert "school_calendar_unknown" not in names(told)


def test_public_holidays_come_from_the_calendar_of_the_country(school):
    calendar = answer(school, *TWO_YEARS, "--holidays", "FR")["frozen_model"]["calendar"]

    assert {"2022-04-18", "2022-07-14", "2023-05-18", "2023-11-11"} <= set(calendar["holidays"])
    assert calendar["vacations"] == []


def test_public_holidays_may_be_told_by_a_file(school, tmp_path):
    file = tmp_path / "feries.csv"
    file.write_text("date,nom\n2022-07-14,Fête nationale\n2023-07-14,Fête nationale\n", encoding="utf-8")

    calendar = answer(school, *TWO_YEARS, "--holidays", file)["frozen_model"]["calendar"]

    assert calendar["holidays"] == ["2022-07-14", "2023-07-14"]


def test_years_without_a_known_school_calendar_are_said_and_no_vacation_is_used(tmp_path):
    days = year_of_days(365, dt.date(2010, 1, 1))
    temperature = outdoor(days)
    rows = [f"{d},{e},{t}" for d, e, t in zip(days, office(days, temperature), temperature, strict=True)]
    file = tmp_path / "ancien.csv"
    file.write_text("\n".join(["t,kwh,temp", *rows, ""]), encoding="utf-8")

    result = answer(file, "--baseline", "2010-01-01/2010-12-31", "--holidays", "FR:C")

    assert "school_calendar_unknown" in names(result)
    assert result["frozen_model"]["calendar"]["vacations"] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--holidays", "FR:D"), "écrivez FR"),
        (("--holidays", "absent.csv"), "écrivez FR"),
        (("--holiday-column", "conges"), "« conges »"),
    ],
)
def test_calendars_that_cannot_be_read_are_refused(school, words, sentence):
    result = run(school, *TWO_YEARS, *words)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_file_of_holidays_is_refused_with_its_line(school, tmp_path):
    file = tmp_path / "feries.csv"
    file.write_text("date\n2022-07-14\n14/07/23\n", encoding="utf-8")

    assert "Ligne 3 : « 14/07/23 »" in run(school, *TWO_YEARS, "--holidays", file).stderr
