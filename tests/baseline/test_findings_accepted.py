"""Findings that block payable figures until both parties accept them, each for itself and with a reason."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from baseline.plans.exceptional import PERIODS, exceptional
from baseline.plans.findings import plan_findings
from baseline.plans.register import Comfort, draft_plan, freeze, plan_document
from baseline.reports.acceptances import accept_finding, standing_of_plan, standing_of_report, unaccepted
from billing.settlements.register import propose as settle
from devices.energy.models import DailyEnergy
from devices.ingest.models import Reading
from devices.inventory.register import install, register_device
from devices.points.register import register_point
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from tests.baseline.measured_building import AFTER, END, SPL, TODAY, measure, measured, sign_all


def codes(found):
    return [one.key[0] for one in found]


def accept(hall, code, about="", *, report=None, speakers=None):
    for speaker in speakers or (SPL, hall.mayor):
        accept_finding(
            hall.session,
            hall.plan,
            code=code,
            about=about,
            speaker=speaker,
            reason="Lu et compris",
            today=TODAY,
            report=report,
        )


def test_the_table_of_exceptional_periods_has_its_sources_and_no_overlap():
    assert [one.name for one in PERIODS] == ["crise sanitaire", "hiver de sobriété"]
    assert all(one.source and one.first < one.last for one in PERIODS)
    assert all(a.last < b.first for a, b in itertools.pairwise(PERIODS))


@given(start=st.dates(dt.date(2015, 1, 1), dt.date(2030, 1, 1)), length=st.integers(1, 400))
def test_a_baseline_is_exceptional_exactly_where_it_shares_a_day(start, length):
    days = {start + dt.timedelta(days=i) for i in range(length)}
    told = {one.name for one in exceptional(start, start + dt.timedelta(days=length))}

    assert told == {
        one.name
        for one in PERIODS
        if days & {one.first + dt.timedelta(days=i) for i in range((one.last - one.first).days + 1)}
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"baseline": (dt.date(2021, 6, 1), dt.date(2022, 6, 1))}, ["exceptional_baseline"]),
        ({"baseline": (dt.date(2021, 6, 1), dt.date(2023, 6, 1))}, ["exceptional_baseline"] * 2),
        ({"signed_on": dt.date(2023, 1, 2)}, ["retroactive_plan"]),
        ({"signed_on": dt.date(2023, 1, 1)}, []),
        ({"energy": "gas"}, ["hot_water_undeclared"]),
        ({"energy": "gas", "hot_water": "measured_apart"}, []),
        ({"energy": "heat"}, ["hot_water_undeclared"]),
    ],
)
def test_what_a_plan_says_of_itself(said, expected):
    plain = {
        "baseline": (dt.date(2018, 1, 1), dt.date(2019, 1, 1)),
        "reporting_starts_on": AFTER,
        "signed_on": None,
        "energy": "electricity",
        "hot_water": None,
    }
    found = list(plan_findings(**{**plain, **said}))

    assert [one.name for one in found] == expected
    assert all(one.description.endswith(".") and not one.blocking for one in found)


def test_a_retroactive_plan_is_settled_once_both_accepted_it(dbsession):
    hall = measured(dbsession)
    agreement = sign_all(hall, signed_on=dt.date(2023, 3, 1))
    report = hall.report()
    assert codes(unaccepted(dbsession, report)) == ["retroactive_plan"]
    with pytest.raises(Refusal, match="rétroactif"):
        settle(dbsession, agreement, start=AFTER, end=END, today=TODAY)

    accept(hall, "retroactive_plan", speakers=[SPL])
    with pytest.raises(Refusal, match="attend l'accord des deux parties"):
        settle(dbsession, agreement, start=AFTER, end=END, today=TODAY)
    with pytest.raises(Refusal, match="déjà accepté"):
        accept(hall, "retroactive_plan", speakers=[SPL])

    accept(hall, "retroactive_plan", speakers=[hall.mayor])
    assert settle(dbsession, agreement, start=AFTER, end=END, today=TODAY).amount > 0
    [kept] = standing_of_plan(dbsession, hall.plan)
    assert [(one.party, one.by, one.accepted_on) for one in kept.acceptances] == [
        ("spl", "Claire", TODAY),
        ("shareholder", "La maire", TODAY),
    ]
    assert kept.acceptances[0].finding["data"]["signed"] == "2023-03-01"
    with pytest.raises(DBAPIError, match="stays accepted"), dbsession.begin_nested():
        dbsession.execute(text("DELETE FROM baseline.finding_acceptance"))


def test_an_acceptance_needs_a_reason_a_finding_and_the_right_municipality(dbsession):
    hall = measured(dbsession)
    with pytest.raises(Refusal, match="aucun accord signé"):
        accept(hall, "retroactive_plan")
    sign_all(hall, signed_on=dt.date(2023, 3, 1))
    for speaker, code, reason, words in (
        (SPL, "retroactive_plan", " ", "pourquoi"),
        (SPL, "hot_water_undeclared", "Lu", "n'a plus lieu d'être"),
        (hall.mayor._replace(shareholder_id=-1), "retroactive_plan", "Lu", "liée par l'accord"),
    ):
        with pytest.raises(Refusal, match=words):
            accept_finding(dbsession, hall.plan, code=code, about="", speaker=speaker, reason=reason, today=TODAY)


def test_charging_nobody_measures_is_accepted_by_both_even_where_its_estimate_is_agreed(dbsession):
    hall = measured(dbsession)
    sign_all(hall)
    event = hall.agree(hall.propose(kind="charge_point", method="estimate", energy_kwh=Decimal(90)))
    report = hall.report()
    [seen] = unaccepted(dbsession, report)

    assert seen.key == ("charging_unmetered", f"event-{event.id}")
    accept(hall, *seen.key, report=report)
    assert unaccepted(dbsession, report) == []
    later = hall.report(end=dt.date(2023, 12, 1))
    assert unaccepted(dbsession, later) == [], "what was accepted of an event holds for the next report"


def test_a_change_of_fuel_blocks_while_open_and_ends_the_model_once_agreed(dbsession):
    hall = measured(dbsession)
    agreement = sign_all(hall)
    switch = dt.date(2023, 10, 1)
    event = hall.propose(kind="fuel", method=None, start=switch, end=None, reason="Pompe à chaleur")
    report = hall.report()
    assert codes(unaccepted(dbsession, report)) == ["fuel_switch_open"]
    assert report.events == []

    hall.agree(event)
    with pytest.raises(Refusal, match="finit la veille"):
        hall.report(end=dt.date(2023, 11, 1))
    with pytest.raises(Refusal, match="ne vaut plus depuis"):
        hall.report(switch, dt.date(2023, 11, 1))
    until = hall.report(end=switch)
    settlement = settle(dbsession, agreement, start=AFTER, end=END, today=TODAY)
    assert [line.report_id for line in settlement.lines] == [until.id]


def indoors(session, hall_point, celsius_of):
    """Report an indoor temperature each hour of the week, as UTC; `celsius_of` takes the day."""
    device = register_device(session, serial="T1")
    at = dt.datetime(2022, 12, 31, tzinfo=dt.UTC)
    installation = install(session, device, hall_point, at=at, channel="temperature", quantity="temperature")
    session.connection().exec_driver_sql(
        "SELECT devices.ensure_reading_partitions(%s, %s)", (at, at.replace(year=2023))
    )
    for day in range(9, 15):
        for hour in range(24):
            instant = dt.datetime(2023, 1, day, hour, tzinfo=dt.UTC)
            session.add(
                Reading(installation_id=installation.id, ts=instant, value=celsius_of(instant), received_at=instant)
            )
    session.flush()


def cold_by_day_and_warm_at_night(instant):
    if instant.day == 12 and instant.hour in {9, 10}:
        return Decimal(85)  # a probe just switched on does not warm the room
    if instant.day == 11 and instant.hour == 12:
        return Decimal(-127)  # nor does one that is cut off cool it
    return Decimal(16) if 8 <= instant.hour < 17 and instant.day != 11 else Decimal(21)


def test_what_was_avoided_by_leaving_people_cold_is_not_due_unless_both_accept(dbsession):
    hall = measured(dbsession)
    before = hall.report()
    room = register_point(dbsession, hall.boundary.buildings[0], name="Accueil", energy="ambient", direction="none")
    # A frozen plan never changes; the test gives this one the promise it would have been frozen with.
    dbsession.execute(text("ALTER TABLE baseline.measurement_plan DISABLE TRIGGER frozen"))
    hall.plan.comfort_point_id, hall.plan.comfort_minimum_c = room.id, Decimal("19.0")
    hall.plan.occupied_from, hall.plan.occupied_until = 9, 18
    dbsession.flush()
    indoors(dbsession, room, cold_by_day_and_warm_at_night)
    report = hall.report()
    cold = [day for day in report.days if day.reason == "too_cold"]
    saved = {day.day: day.adjusted_baseline_kwh - day.measured_kwh for day in before.days}

    assert {day.day for day in cold} == {
        day for day in (dt.date(2023, 1, number) for number in (9, 10, 12, 13)) if saved[day] > 0
    }
    assert cold
    assert all((day.measured_kwh, day.adjusted_baseline_kwh, day.counted) == (None, None, False) for day in cold)
    assert report.held_kwh == sum(saved[day.day] for day in cold)
    assert report.avoided_energy_kwh == before.avoided_energy_kwh - report.held_kwh

    sign_all(hall)
    assert unaccepted(dbsession, report) == [], "the rest of the report is payable"
    [seen] = [one for one in standing_of_report(dbsession, report) if one.key[0] == "indoor_too_cold"]
    accept(hall, *seen.key, report=report)
    again = hall.report()
    assert again.id != report.id
    assert (again.held_kwh, again.avoided_energy_kwh) == (0, before.avoided_energy_kwh)


def test_what_a_plan_declares_is_in_its_seal_and_silence_keeps_the_old_seals(dbsession):
    hall = measured(dbsession)
    document = plan_document(hall.plan)
    assert {"hot_water", "comfort"}.isdisjoint(document)
    assert hall.plan.sha256 == canonical_sha256(document)


def test_a_promised_temperature_is_sealed_with_the_plan(dbsession):
    first = measured(dbsession)
    room = register_point(dbsession, first.boundary.buildings[0], name="Accueil", energy="ambient", direction="none")
    plan = draft_plan(
        dbsession,
        boundary=first.boundary,
        station=first.plan.station,
        baseline_start=first.plan.baseline_period.lower,
        baseline_end=first.plan.baseline_period.upper,
        reporting_starts_on=AFTER,
        hot_water="none",
        comfort=Comfort(room, Decimal(19), (8, 18)),
    )
    freeze(dbsession, plan, by="Claire", now=dt.datetime(2023, 1, 1, tzinfo=dt.UTC))
    dbsession.expire(plan)

    assert plan_document(plan)["comfort"] == {"point": "Accueil", "minimum_c": "19.0", "occupied_hours": [8, 18]}
    assert plan.sha256 == canonical_sha256(plan_document(plan))


def test_production_the_data_show_blocks_until_it_is_measured_or_accepted(dbsession):
    hall = measured(dbsession)
    sign_all(hall)
    assert "production_unmetered" not in codes(unaccepted(dbsession, hall.report()))
    export = register_point(dbsession, hall.point.building, name="Injection", energy="electricity", direction="export")
    measure(dbsession, export, [(AFTER + dt.timedelta(days=n), 12.5, 10.0, None) for n in range(20)])
    sunny = dbsession.get_one(DailyEnergy, (hall.point.id, dt.date(2023, 7, 2)))
    sunny.kwh = Decimal(-4)
    dbsession.flush()

    report = hall.report()

    found = [one for one in unaccepted(dbsession, report) if one.key[0] == "production_unmetered"]
    assert [one.key[1] for one in found] == [f"point-{export.id}", "below-zero-2023-07-02"]
    assert "« Injection » compte" in found[0].finding["description"]
    for one in found:
        accept(hall, *one.key, report=report)
    assert "production_unmetered" not in codes(unaccepted(dbsession, report))
