"""The register of events: each party for itself, nothing changed, the lower saving counting until both decided."""

from __future__ import annotations

import csv
import datetime as dt
import os
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from baseline.assess.assessment import assessed
from baseline.assess.daily import columns_of, period_of
from baseline.assess.question import Question
from baseline.assess.rows import read_table
from baseline.events.models import EventSuggestion
from baseline.events.register import Evidence, decide
from baseline.events.suggestions import dismiss
from baseline.fitting import BaselineData, ReportingData
from baseline.reports.outdated import outdated
from baseline.reports.register import report_document
from billing.settlements.register import accept
from billing.settlements.register import propose as settle
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from tests.baseline.measured_building import (
    AFTER,
    BEFORE,
    END,
    EXTRA_KWH,
    JUNE,
    SAVING,
    SPL,
    TODAY,
    generated,
    measure,
    measured,
    sign_all,
)
from tests.billing.agreement_example import report as invented

DAYS = (JUNE[1] - JUNE[0]).days
ADDED = EXTRA_KWH * DAYS


@pytest.fixture
def hall(dbsession):
    """Return a town hall that saves 12 % and used 45 kWh a day more from 5 June to 16 July."""
    return measured(dbsession, [*generated(BEFORE), *generated(AFTER, 5, saving=SAVING, extra=EXTRA_KWH)])


def percent(report):
    return 100 * float(report.avoided_energy_kwh / report.adjusted_baseline_kwh)


def test_until_both_agree_the_lower_saving_counts_and_the_rest_is_held(hall):
    before = hall.report()
    event = hall.propose()
    waiting = hall.report()

    assert event.state == "proposed"
    assert waiting.avoided_energy_kwh == before.avoided_energy_kwh == waiting.unadjusted_avoided_kwh
    assert float(waiting.held_kwh) == pytest.approx(ADDED, rel=0.2)
    assert waiting.adjusted_avoided_kwh == waiting.avoided_energy_kwh + waiting.held_kwh
    assert [(one["number"], one["state"], one["counted"]) for one in waiting.events] == [(1, "proposed", False)]

    hall.agree(event)
    agreed = hall.report()

    assert agreed.id != waiting.id
    assert agreed.held_kwh == 0
    assert agreed.avoided_energy_kwh == pytest.approx(waiting.adjusted_avoided_kwh, abs=Decimal("0.2"))
    assert percent(agreed) == pytest.approx(100 * SAVING, abs=1.0)
    assert agreed.unadjusted_avoided_kwh == before.avoided_energy_kwh
    assert agreed.events[0]["sha256"] == event.sha256
    assert [said[:3] for said in agreed.events[0]["decisions"]] == [
        ["spl", "agreed", "Claire"],
        ["shareholder", "agreed", "La maire"],
    ]
    assert sum(day.event_kwh for day in agreed.days) == pytest.approx(
        Decimal(agreed.events[0]["energy_kwh"]), abs=Decimal("0.1")
    )


def test_an_event_in_the_payers_favour_lowers_the_payable_figure_at_once(hall):
    before = hall.report()
    hall.propose(hall.mayor, method="estimate", energy_kwh=Decimal(-420), kind="closure")
    waiting = hall.report()

    assert waiting.avoided_energy_kwh == pytest.approx(before.avoided_energy_kwh - 420, abs=Decimal("0.1"))
    assert waiting.held_kwh == Decimal("420.000")
    assert waiting.events[0]["counted"] is True


def test_events_that_pull_both_ways_hold_all_they_may_move(hall):
    plain = hall.report().avoided_energy_kwh
    hall.propose(method="estimate", energy_kwh=Decimal(1000))
    hall.propose(
        hall.mayor, method="estimate", energy_kwh=Decimal(-300), start=dt.date(2023, 10, 1), end=dt.date(2023, 10, 31)
    )
    waiting = hall.report()

    assert waiting.avoided_energy_kwh == pytest.approx(plain - 300, abs=Decimal("0.1"))
    assert waiting.held_kwh == pytest.approx(Decimal(1300), abs=Decimal("0.1"))
    assert waiting.adjusted_avoided_kwh == pytest.approx(plain + 700, abs=Decimal("0.1"))


def test_a_report_is_sealed_with_its_events_and_the_same_twice(hall):
    hall.agree(hall.propose(method="drop"))
    report = hall.report()

    assert report.id == hall.report().id
    assert report.sha256 == canonical_sha256(report_document(report))
    assert {day.reason for day in report.days if JUNE[0] <= day.day < JUNE[1]} == {"event"}
    assert report.days_counted == 365 - DAYS
    kept = [*report.events]
    report.events = [{**kept[0], "reason": "autre"}]
    assert report.sha256 != canonical_sha256(report_document(report))
    report.events = kept


def test_an_estimate_counts_in_proportion_to_its_days_that_count(hall):
    hall.agree(hall.propose(method="estimate", energy_kwh=Decimal(1000), end=JUNE[0] + dt.timedelta(days=10)))
    middle = JUNE[0] + dt.timedelta(days=4)

    assert hall.report(AFTER, middle).events[0]["energy_kwh"] == "400.000"
    assert hall.report(middle, END).events[0]["energy_kwh"] == "600.000"


def test_another_version_counts_once_both_agree_to_it(hall):
    first = hall.agree(hall.propose(method="estimate", energy_kwh=Decimal(500)))
    settled = hall.report()
    second = hall.propose(hall.mayor, method="estimate", energy_kwh=Decimal(200), supersedes=first)
    waiting = hall.report()

    assert (first.state, second.state) == ("agreed", "proposed")
    assert settled.avoided_energy_kwh - waiting.avoided_energy_kwh == pytest.approx(Decimal(300), abs=Decimal("0.1"))

    decide(hall.session, second, verdict="rejected", speaker=SPL, today=TODAY, reason="La facture dit 500.")
    assert hall.report().avoided_energy_kwh == settled.avoided_energy_kwh

    third = hall.agree(hall.propose(method="estimate", energy_kwh=Decimal(450), supersedes=first))
    now = hall.report()
    assert [(one["id"], one["energy_kwh"]) for one in now.events] == [(third.id, "450.000")]
    with pytest.raises(Refusal, match="encore en vigueur"):
        hall.propose(method="estimate", energy_kwh=Decimal(1), supersedes=first)


def test_nobody_answers_for_the_other_nor_twice(hall):
    event = hall.propose()
    for verdict, speaker, words in (
        ("agreed", SPL, "déjà donné son accord"),
        ("rejected", SPL, "retirez-le"),
        ("withdrawn", hall.mayor, "Seule la partie"),
        ("rejected", hall.mayor, "pourquoi"),
        ("agreed", hall.mayor._replace(shareholder_id=-1), "liée par l'accord"),
    ):
        with pytest.raises(Refusal, match=words):
            decide(hall.session, event, verdict=verdict, speaker=speaker, today=TODAY)
    decide(hall.session, event, verdict="withdrawn", speaker=SPL, today=TODAY)
    with pytest.raises(Refusal, match="n'attend plus"):
        decide(hall.session, event, verdict="agreed", speaker=hall.mayor, today=TODAY)
    assert hall.report().events == []


SENSELESS = [
    ({"reason": " "}, "ce qui s'est passé"),
    ({"end": JUNE[0]}, "finit avant"),
    ({"kind": "fuel"}, "met fin au modèle"),
    ({"method": None}, "comment l'événement s'ajuste"),
    ({"energy_kwh": Decimal(1)}, "estimation"),
    ({"method": "estimate", "energy_kwh": Decimal(1), "end": None}, "dernier jour"),
    ({"method": "submeter"}, "sous-compteur"),
    ({"kind": "magic"}, "choisissez dans la liste"),
]


def test_a_proposal_that_makes_no_sense_is_refused(hall):
    for said, words in SENSELESS:
        with pytest.raises(Refusal, match=words):
            hall.propose(**said)


def test_what_was_said_is_never_changed(hall):
    twice = """INSERT INTO baseline.event_decision (event_id, party, verdict, by, decided_on, reason)
        SELECT {event}, 'shareholder', verdict, 'X', '2024-01-01', 'Non'
        FROM (VALUES ('rejected'), ('agreed')) AS v (verdict)"""
    event = hall.propose(evidence=[Evidence("photo.jpg", "image/jpeg", b"photo")])
    for statement in (
        "UPDATE baseline.non_routine_event SET reason = 'autre'",
        "DELETE FROM baseline.event_decision",
        "UPDATE baseline.event_evidence SET attachment_id = attachment_id",
        twice.format(event=event.id),
    ):
        with pytest.raises(DBAPIError, match=r"kept, propose another|is decided"), hall.session.begin_nested():
            hall.session.execute(text(statement))


def test_a_sub_meter_is_taken_off_day_by_day_and_its_silence_leaves_both_sides(hall):
    charger = register_point(hall.session, hall.boundary.buildings[0], name="Borne", energy="electricity")
    counter = register_boundary(
        hall.session,
        name="Borne",
        energy="electricity",
        buildings=hall.boundary.buildings,
        terms=[(charger, Decimal(1))],
        start=AFTER,
    )
    days = [JUNE[0] + dt.timedelta(days=i) for i in range(DAYS)]
    measure(hall.session, charger, [(day, 45.0, 0.0, 0 if i < 3 else None) for i, day in enumerate(days)])
    hall.agree(hall.propose(kind="charge_point", method="submeter", submeter=counter))
    report = hall.report()

    assert report.events[0]["energy_kwh"] == f"{45 * (DAYS - 3):.3f}"
    assert [day.reason for day in report.days if day.day in days[:4]] == [*["missing_energy"] * 3, "measured"]
    assert percent(report) == pytest.approx(100 * SAVING, abs=0.7)
    assert not [one for one in report.findings if one["name"] == "charging_unmetered"]


def test_suggestions_are_noted_once_and_adjust_nothing(hall):
    report = hall.report()
    [seen] = hall.session.scalars(select(EventSuggestion))

    assert abs((seen.period.lower - JUNE[0]).days) <= 6
    assert abs((seen.period.upper - JUNE[1]).days) <= 6
    assert float(seen.effect_kwh) == pytest.approx(-ADDED, rel=0.35)
    assert 0 < seen.half_width_kwh < ADDED
    assert report.avoided_energy_kwh == report.unadjusted_avoided_kwh
    with pytest.raises(Refusal, match="pourquoi"):
        dismiss(hall.session, seen, by="Claire", reason="", today=TODAY)
    dismiss(hall.session, seen, by="Claire", reason="Une canicule", today=TODAY)
    hall.report(AFTER, dt.date(2023, 12, 1))
    assert hall.session.scalars(select(EventSuggestion)).all() == [seen]


def test_an_agreement_between_two_settlements_is_a_line_of_the_next(hall):
    agreement = sign_all(hall)
    event = hall.propose()
    waiting = hall.report()
    first = accept(
        hall.session,
        settle(hall.session, agreement, start=AFTER, end=END, today=TODAY),
        by="La maire",
        today=TODAY,
    )
    [held] = first.evaluation["waiting_events"]
    assert (Decimal(held["held_kwh"]), held["events"]) == (waiting.held_kwh, [event.id])
    # 0.20 EUR a kWh, of which the SPL has half at most; the sentence stands on the invoice too.
    assert Decimal(held["held_euros"]) == pytest.approx(waiting.held_kwh * Decimal("0.20"), abs=Decimal("0.01"))
    assert Decimal(held["share_euros"]) == pytest.approx(waiting.held_kwh * Decimal("0.10"), abs=Decimal("0.01"))
    [told] = [step for step in first.evaluation["steps"] if step["name"] == "held_event"]
    assert "attendent que les deux parties tranchent" in told["sentence"]

    hall.agree(event)
    [key] = outdated(hall.session)
    assert key.startswith(f"report-{waiting.id}-decision-")
    agreed = hall.report()
    assert outdated(hall.session) == {}
    invented(hall.session, hall.plan, END, dt.date(2025, 1, 1), avoided="0")
    following = settle(hall.session, agreement, start=END, end=dt.date(2025, 1, 1), today=dt.date(2025, 1, 5))
    late = following.lines[0]
    assert (late.year, late.report_id) == (1, agreed.id)
    half = (agreed.avoided_energy_kwh - waiting.avoided_energy_kwh) * Decimal("0.10")
    assert late.amount == pytest.approx(half, abs=Decimal("0.02"))
    assert following.evaluation["waiting_events"] == []


def twins():
    """Return (file, its events as (first, last day)) of the known truths, from the reference data where they are."""
    folder = os.environ.get("FLEET_REFERENCE_DATA")
    if not folder:
        return []
    found = {}
    with (Path(folder) / "mv" / "truth.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["row"] == "event":
                days = dt.date.fromisoformat(row["start"]), dt.date.fromisoformat(row["end"])
                found.setdefault(Path(folder) / "mv" / row["file"], []).append(days)
    return list(found.items())


def assess(file, events, **options):
    question = Question.of(
        file,
        zone="America/Chicago",
        baseline=(dt.date(2006, 1, 1), dt.date(2006, 12, 31)),
        reporting=(dt.date(2017, 1, 1), dt.date(2017, 12, 31)),
        events=[f"{first}/{last}" for first, last in events],
        model="daily",
        **options,
    )
    table = read_table(file)
    for column, values in question.filters:
        table = table.where(column, values)
    energy, celsius, _ = columns_of(table, None, question)
    data = (
        period_of(BaselineData, energy, celsius, question.baseline, question),
        period_of(ReportingData, energy, celsius, question.reporting, question),
    )
    days = [
        row
        for part in data
        for row in zip(
            part.days, map(float, part.kwh), map(float, part.temperature_c), map(int, part.hours), strict=True
        )
    ]
    return assessed(question).savings, days


def generated_file(folder):
    """Write a generated building as a file of days, as the reference files are: 2006 before, 2017 after, an event."""
    first, last = dt.date(2017, 6, 5), dt.date(2017, 7, 16)
    path = folder / "twin.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["ts_local", "energy_kwh", "temp_c"])
        for start, seed, saving in ((dt.date(2006, 1, 1), 1, 0.0), (dt.date(2017, 1, 1), 5, SAVING)):
            for day, kwh, celsius, _ in generated(start, seed, saving=saving):
                writer.writerow([day, kwh + (EXTRA_KWH if first <= day <= last else 0.0), celsius])
    return path, [(first, last)]


def test_the_database_says_what_assess_says(dbsession, tmp_path):
    """Of the known truths, or of a generated twin: the same days, events and model give the same savings."""
    cases = [(*generated_file(tmp_path), {}), *((*one, {"filters": ["phase=pre,post"]}) for one in twins())]
    for file, events, options in cases:
        with dbsession.begin_nested() as savepoint:
            savings, days = assess(file, events, columns=("ts_local", "energy_kwh", "temp_c"), **options)
            hall = measured(
                dbsession,
                days,
                baseline=(dt.date(2006, 1, 1), dt.date(2007, 1, 1)),
                reporting_starts_on=dt.date(2017, 1, 1),
                zone="America/Chicago",
            )
            for first, last in events:
                hall.agree(hall.propose(start=first, end=last + dt.timedelta(days=1)))
            report = hall.report(dt.date(2017, 1, 1), dt.date(2018, 1, 1))

            assert percent(report) == pytest.approx(savings.savings_percent, abs=0.02), file.name
            assert float(report.unadjusted_avoided_kwh) == pytest.approx(savings.unadjusted_avoided_kwh, rel=0.01)
            assert report.days_counted == savings.days_counted
            savepoint.rollback()
        dbsession.expire_all()
