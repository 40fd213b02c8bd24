"""Sufficiency and quality are findings: data with a French sentence, blocking where a plan may not be frozen."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from baseline.fitting import BaselineData, Finding, described, fit_daily, model_findings, sufficiency
from tests.baseline.fitting_buildings import START, office, outdoor, year_of_days


def period(n=365, start=START, change=None, **more):
    days = year_of_days(n, start)
    temperature = outdoor(days)
    columns = {"kwh": office(days, temperature), "temperature": temperature, "hours": np.full(n, 24.0)}
    if change:
        change(columns)
    return BaselineData.of(days, columns["kwh"], columns["temperature"], hours=columns["hours"], **more)


def found(baseline):
    return {finding.name: finding for finding in sufficiency(baseline)}


def put(column, where, value):
    def change(columns):
        columns[column][where] = value

    return change


def test_a_whole_year_has_nothing_against_it():
    assert sufficiency(period()) == ()


@pytest.mark.parametrize(("n", "blocked"), [(120, True), (328, True), (329, False)])
def test_less_than_329_days_block(n, blocked):
    finding = found(period(n)).get("baseline_too_short")

    assert bool(finding) is blocked
    if finding:
        assert finding.blocking
        assert f"{n} jours" in finding.description


def test_more_than_a_tenth_of_days_missing_blocks():
    finding = found(period(change=put("kwh", slice(0, 365, 8), np.nan)))["days_missing"]

    assert finding.blocking
    assert finding.data["valid"] == 365 - 46
    assert "87,4 %" in finding.description


def test_one_thin_month_blocks_and_is_named():
    finding = found(period(change=put("hours", slice(31, 35), 20.0)))["months_incomplete"]

    assert finding.blocking
    assert finding.data["months"] == ["2022-02"]


def test_days_the_file_does_not_hold_are_missing_too():
    names = found(period(300, end=START + dt.timedelta(days=364)))

    assert names["days_missing"].blocking
    assert "2022-12" in names["months_incomplete"].data["months"]


@pytest.mark.parametrize(
    ("change", "name", "blocking"),
    [
        (put("temperature", slice(3, 5), np.nan), "temperature_missing", False),
        (put("kwh", slice(0, 365), 0.0), "no_energy", True),
        (put("kwh", slice(0, 365), 12.5), "constant_energy", True),
        (put("kwh", slice(0, 40), 0.0), "zero_days", False),
        (put("kwh", slice(9, 11), -4.0), "negative_energy", False),
        (put("kwh", 50, 90_000.0), "extreme_days", False),
    ],
)
def test_odd_values_are_found(change, name, blocking):
    assert found(period(change=change))[name].blocking is blocking


def test_findings_are_plain_data_and_whole_sentences():
    for finding in sufficiency(period(100, change=put("kwh", 50, 90_000.0))):
        content = json.loads(json.dumps(finding.to_json()))
        assert set(content) == {"name", "description", "template", "data", "blocking"}
        assert content["description"].endswith(".")
        assert "%(" not in content["description"]


def test_french_writes_dates_and_decimals_its_own_way():
    finding = Finding(
        "x", "%(day)s : %(part)s %% sur %(many)s", {"day": dt.date(2024, 3, 1), "part": 12.5, "many": 123456.0}
    )

    assert finding.description == "1er mars 2024 : 12,5 % sur 123\u202f456"


def names_of(baseline):
    return {finding.name for finding in model_findings(fit_daily(baseline))}


def test_a_model_blind_to_temperature_says_so():
    noise = np.random.default_rng(2).normal(100.0, 5.0, 365)

    assert "flat_model" in names_of(period(change=put("kwh", slice(0, 365), noise)))


def test_a_scattered_model_says_so():
    noise = np.random.default_rng(2).gamma(1.0, 100.0, 365)

    assert "scattered_model" in names_of(period(change=put("kwh", slice(0, 365), noise)))


def test_drifting_residuals_say_how_many_days_they_are_worth():
    def drift(columns):
        columns["kwh"] += np.cumsum(np.random.default_rng(4).normal(0.0, 3.0, 365))

    assert "autocorrelated_residuals" in names_of(period(change=drift))


def test_the_sobriety_winter_is_named():
    assert "exceptional_baseline" in names_of(period())
    assert "exceptional_baseline" not in names_of(period(start=dt.date(2024, 1, 1)))


def test_a_stored_finding_is_told_in_either_language():
    finding = Finding(
        "x",
        "Le %(day)s, du %(first)s au %(last)s : %(part)s",
        {"day": dt.date(2024, 3, 1), "first": "--07-01", "last": "--08-31", "part": 12.5},
    )
    stored = json.loads(json.dumps(finding.to_json()))
    english = {finding.template: "On %(day)s, from %(first)s to %(last)s: %(part)s"}

    assert described(stored, str, "fr") == "Le 1er mars 2024, du 1er juillet au 31 août : 12,5"
    assert described(stored, str, "fr") == finding.description
    assert described(stored, english.__getitem__, "en") == "On 1 March 2024, from 1 July to 31 August: 12.5"


def test_a_finding_stored_without_its_template_is_told_as_it_was():
    old = {"name": "x", "description": "Écrit autrefois.", "data": {}, "blocking": False}

    assert described(old, str, "en") == "Écrit autrefois."
