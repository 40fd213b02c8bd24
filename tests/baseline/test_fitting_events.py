"""Non-routine events: told ones are adjusted for, the others are noticed and proposed."""

from __future__ import annotations

import csv
import datetime as dt
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baseline.assess.assessment import assessed
from baseline.assess.question import Question
from baseline.fitting import BaselineData, Event, ReportingData, estimate_savings, fit_daily, suggested_events
from foundation.errors import Refusal
from tests.baseline.fitting_buildings import START, office, outdoor, year_of_days

AFTER = START + dt.timedelta(days=365)
SAVING = 0.12


def day(text):
    return dt.date.fromisoformat(text)


def building(seed=1, **event):
    """A year before, a year after with 12 % saved and, from `start` to `end`, `extra` kWh a day (or a part of use)."""
    before, after = year_of_days(), year_of_days(365, AFTER)
    cold, warm = outdoor(before, seed), outdoor(after, seed + 1)
    model = fit_daily(BaselineData.of(before, office(before, cold, seed=seed), cold))
    energy = office(after, warm, seed=seed + 2, saving=SAVING)
    inside = np.array([bool(event) and event["start"] <= one <= event["end"] for one in after])
    added = np.where(inside, event.get("extra", 0.0) + event.get("part", 0.0) * energy, 0.0)
    return model, ReportingData.of(after, energy + added, warm), float(added.sum())


JUNE = {"start": day("2023-06-05"), "end": day("2023-07-16")}


@pytest.mark.parametrize("kind", [{"extra": 45.0}, {"extra": -40.0}, {"part": 0.4}, {"part": -0.5}])
@pytest.mark.parametrize("method", ["drop", "indicator", "estimate"])
def test_a_told_event_gives_the_saving_back(kind, method):
    model, reporting, added = building(**JUNE, **kind)
    event = Event(JUNE["start"], JUNE["end"], method, added if method == "estimate" else None)

    savings = estimate_savings(model, reporting, events=[event])

    assert savings.savings_percent == pytest.approx(100.0 * SAVING, abs=1.0)
    assert abs(savings.unadjusted_savings_percent - 100.0 * SAVING) > 2.0
    assert savings.total_measured_kwh == pytest.approx(savings.metered_kwh - sum(savings.event_energies_kwh))
    if method == "indicator":
        assert savings.event_energies_kwh[0] == pytest.approx(added, rel=0.2)


def test_dropped_days_leave_both_sides():
    model, reporting, _ = building(**JUNE, extra=45.0)

    savings = estimate_savings(model, reporting, events=[Event(JUNE["start"], JUNE["end"], "drop")])

    assert savings.days_counted == 365 - 42
    assert savings.reasons.count("event") == 42
    assert np.isnan(savings.adjusted_baseline_kwh[savings.days.index(JUNE["start"])])


def test_events_add_up():
    model, reporting, added = building(**JUNE, extra=45.0)
    other = Event(day("2023-11-01"), day("2023-11-30"), "submeter", 500.0)

    one = estimate_savings(model, reporting, events=[Event(**JUNE)])
    both = estimate_savings(model, reporting, events=[Event(**JUNE), other])

    assert both.avoided_energy_kwh - one.avoided_energy_kwh == pytest.approx(500.0, abs=0.1 * added)
    assert both.unadjusted_avoided_kwh == one.unadjusted_avoided_kwh


def test_an_event_over_a_whole_summer_is_still_adjusted_for():
    """No cooling day is left to compare with: the frozen coefficients, scaled by the works, decide."""
    model, reporting, _ = building(start=day("2023-05-15"), end=day("2023-10-10"), extra=45.0)

    savings = estimate_savings(model, reporting, events=[Event(day("2023-05-15"), day("2023-10-10"))])

    assert savings.savings_percent == pytest.approx(100.0 * SAVING, abs=2.5)


def test_a_fitted_event_widens_the_intervals():
    model, reporting, _ = building(**JUNE, extra=45.0)
    plain, told = (estimate_savings(model, reporting, events=events) for events in ([], [Event(**JUNE)]))

    for name in ("g14", "empirical"):
        assert told.intervals[name].half_width > plain.intervals[name].half_width


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((day("2023-06-05"), day("2023-06-01")), "finit avant de commencer"),
        ((day("2023-06-05"), day("2023-06-09"), "magic"), "n'existe pas"),
        ((day("2023-06-05"), day("2023-06-09"), "estimate"), "kWh"),
        ((day("2023-06-05"), day("2023-06-09"), "drop", 12.0), "kWh"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(arguments, words):
    with pytest.raises(Refusal, match=words):
        Event(*arguments)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event(day("2031-01-01"), day("2031-01-09")), "aucun jour de la période"),
        (Event(day("2022-01-01"), day("2024-12-31")), "toute la période"),
    ],
)
def test_an_event_that_cannot_be_adjusted_for_is_refused(event, words):
    model, reporting, _ = building()

    with pytest.raises(Refusal, match=words):
        estimate_savings(model, reporting, events=[event])


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 2**31),
    begin=st.integers(0, 300),
    length=st.integers(21, 60),
    size=st.sampled_from([-0.4, 0.4]),
)
def test_an_event_of_two_percent_and_more_is_noticed(seed, begin, length, size):
    start = AFTER + dt.timedelta(days=begin)
    end = min(start + dt.timedelta(days=length - 1), AFTER + dt.timedelta(days=364))
    model, reporting, added = building(seed, start=start, end=end, extra=size * 110.0)

    found = suggested_events(model, reporting)

    (main,) = [event for event in found if event.start <= end and start <= event.end][:1]
    assert abs((main.start - start).days) <= 6
    assert abs((main.end - end).days) <= 6
    assert main.effect_kwh == pytest.approx(-added, rel=0.35)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**31))
def test_an_uneventful_year_proposes_nothing(seed):
    model, reporting, _ = building(seed)

    assert suggested_events(model, reporting) == ()


def test_what_was_told_is_not_proposed_again():
    model, reporting, _ = building(**JUNE, extra=45.0)

    assert suggested_events(model, reporting)
    assert suggested_events(model, reporting, told=[Event(**JUNE)]) == ()


def test_a_few_weeks_are_too_few_to_look_for_events():
    model, reporting, _ = building(**JUNE, extra=45.0)
    weeks = ReportingData.of(reporting.days[:50], reporting.kwh[:50], reporting.temperature_c[:50])

    assert suggested_events(model, weeks) == ()


def known_truths():
    """Yield (file, true savings in percent, events); from the reference data, or nothing where it is absent."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    if not folder:
        return []
    truths = {}
    with (Path(folder) / "mv" / "truth.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            entry = truths.setdefault(row["file"], [math.nan, []])
            if row["row"] == "truth":
                entry[0] = float(row["savings_percent"])
            else:
                entry[1].append(f"{row['start']}/{row['end']}")
    return [(Path(folder) / "mv" / name, *entry) for name, entry in truths.items()]


def test_the_known_truths_come_out_with_their_events_told():
    """Simulated buildings with a retrofit and an event, their truth published; a generated one always stands by."""
    model, reporting, _ = building(**JUNE, extra=45.0)
    errors = {"twin": estimate_savings(model, reporting, events=[Event(**JUNE)]).savings_percent - 100.0 * SAVING}
    noticed = {"twin": len(suggested_events(model, reporting)) == 1}
    for file, truth, events in known_truths():
        for method, kind in (("", "daily"), (":drop", "daily"), ("", "hourly"), (":drop", "hourly")):
            question = Question.of(
                file,
                columns=("ts_local", "energy_kwh", "temp_c"),
                zone="America/Chicago",
                baseline=(day("2006-01-01"), day("2006-12-31")),
                reporting=(day("2017-01-01"), day("2017-12-31")),
                filters=["phase=pre,post"],
                events=[event + method for event in events],
                model=kind,
            )
            errors[file.name + method + kind] = assessed(question).savings.savings_percent - truth
        untold = Question(**{**vars(question), "events": ()})
        start, end = (day(part) for part in events[0].split("/"))
        noticed[file.name] = any(one.start <= end and start <= one.end for one in assessed(untold).suggestions)

    assert {name: error for name, error in errors.items() if abs(error) > 1.5} == {}
    assert all(noticed.values()), noticed
