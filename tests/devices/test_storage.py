"""Months of readings: made ahead, detached by the rule and not before, never with what evidence or energy needs."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DatabaseError, OperationalError

from baseline.plans.models import MeasurementPlan
from baseline.weather.register import register_station
from devices.energy.derive import derive_point
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.ingest.models import Arrival, DeadLetter, IngestHeartbeat
from devices.ingest.replay import replay
from devices.inventory.models import Installation
from devices.points.boundaries.register import register_boundary
from devices.storage.models import DetachedMonth
from devices.storage.register import attach_month, closed_until, detach_months, reading_months, retain
from devices.storage.tasks import look
from fleet.database.cli import group
from foundation.errors import Refusal
from foundation.jobs.queue import Moment
from tests.devices.meters import HOUR, arrive, hourly, in_batches, message, metered

LONG_AGO = dt.datetime(1995, 1, 10, tzinfo=dt.UTC)
NOW = dt.datetime.now(dt.UTC)
MOMENT = Moment(NOW, NOW.date())
FEBRUARY, MARCH, APRIL = (dt.datetime(1995, month, 1, tzinfo=dt.UTC) for month in (2, 3, 4))


@pytest.fixture
def old_readings(database):
    """A meter of 1995, hour by hour from 10 January to 9 March, its energy derived."""
    with database.sessions().begin() as session:
        installation = metered(session, "A", at=LONG_AGO)
        arrive(session, *many("A", hourly(LONG_AGO, *range(100, 100 + 24 * 59))))
        derive_point(session, installation.point_id)
    return database


def many(serial, readings):
    return [message(serial, batch) for batch in in_batches(readings, 500)]


def state_of(session):
    """Return month, detached and kept_by of the months of 1995."""
    return [(m.month.month, m.detached, m.kept_by) for m in reading_months(session) if m.month.year == 1995]


def energy_of(session):
    hours = session.execute(select(HourlyEnergy.hour, HourlyEnergy.kwh, HourlyEnergy.revision).order_by("hour"))
    days = session.execute(select(DailyEnergy.day, DailyEnergy.kwh, DailyEnergy.revision).order_by("day"))
    return [tuple(row) for row in hours], [tuple(row) for row in days]


def plan_of(session, start, end, state):
    """Return a measurement plan over the meter's point with this baseline period."""
    point = session.scalars(select(Installation)).one().point
    boundary = register_boundary(
        session,
        name=f"Périmètre {state} {start}",
        energy="electricity",
        buildings=[point.building],
        terms=[(point, Decimal(1))],
        start=start,
    )
    session.add(
        MeasurementPlan(
            boundary=boundary,
            station=register_station(session, code=f"{state}{start}", name="Lorient"),
            baseline_period=Range(start, end),
            reporting_starts_on=end,
            state=state,
            model={},
            sha256="0",
        )
    )
    session.flush()


def test_this_month_and_the_next_are_there_before_a_reading_needs_them(database):
    with database.sessions("worker").begin() as session:
        look(session, MOMENT)
        months = [month.month for month in reading_months(session)]
    assert NOW.date().replace(day=1) in months
    assert (NOW.date().replace(day=1) + dt.timedelta(days=32)).replace(day=1) in months


def test_by_default_eleven_years_are_kept(database):
    ten_years_ago = NOW - dt.timedelta(days=3653)
    with database.sessions().begin() as session:
        metered(session, "A", at=ten_years_ago - HOUR)
        arrive(session, message("A", hourly(ten_years_ago, 1, 2)))
        assert {month.kept_by for month in reading_months(session)} == {"retention"}
        assert detach_months(session) == []


def test_what_is_older_is_detached_by_the_worker_and_kept_as_it_was(old_readings):
    with old_readings.sessions("worker").begin() as session:
        look(session, MOMENT)
    with old_readings.sessions().begin() as session:
        assert state_of(session) == [(1, True, None), (2, True, None), (3, True, None)]
        assert closed_until(session) == APRIL
        assert session.scalar(text("SELECT count(*) FROM devices.reading")) == 0
        assert session.scalar(text("SELECT count(*) FROM archive.reading_y1995m01")) == 24 * 22
        for change in ("UPDATE archive.reading_y1995m01 SET value = 0", "TRUNCATE archive.reading_y1995m01"):
            with pytest.raises(DatabaseError, match="kept as it arrived"), session.begin_nested():
                session.execute(text(change))


@pytest.mark.parametrize("role", ["worker", "ingest", "web"])
def test_what_is_detached_is_shown_to_nobody_but_the_owner(old_readings, role):
    with old_readings.sessions("worker").begin() as session:
        look(session, MOMENT)
    with psycopg.connect(getattr(old_readings, role)) as connection:
        for statement in (
            "SELECT * FROM archive.reading_y1995m01",
            "SELECT devices.attach_reading_month('1995-03-01')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)


def test_ingest_detaches_nothing(old_readings):
    with psycopg.connect(old_readings.ingest) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT devices.detach_reading_month('1995-01-01')")


def test_readings_energy_has_not_been_derived_from_stay(old_readings):
    with old_readings.sessions().begin() as session:
        arrive(session, message("A", [(MARCH + dt.timedelta(minutes=30), Decimal("1299.5"))]))
        assert state_of(session) == [(1, False, None), (2, False, None), (3, False, "energy")]
        assert detach_months(session) == [dt.date(1995, 1, 1), dt.date(1995, 2, 1)]
        assert session.scalars(select(Arrival)).one().n == 1


@pytest.mark.parametrize("state", ["frozen", "signed", "superseded"])
def test_what_a_plan_stands_on_is_never_detached_whatever_the_rule(old_readings, state):
    """The baseline begins in March (local time: in February); a month of context stays with it."""
    with old_readings.sessions().begin() as session:
        session.execute(text("ALTER TABLE baseline.measurement_plan DROP CONSTRAINT ck_measurement_plan_signed"))
        plan_of(session, dt.date(1995, 4, 1), dt.date(1996, 4, 1), state)
        retain(session, "reading", 13)
        assert state_of(session) == [(1, False, None), (2, False, "evidence"), (3, False, "evidence")]
        with pytest.raises(DatabaseError, match="kept by evidence"), session.begin_nested():
            session.execute(text("SELECT devices.detach_reading_month('1995-02-01')"))
        assert detach_months(session) == [dt.date(1995, 1, 1)]


def test_a_draft_keeps_nothing(old_readings):
    with old_readings.sessions().begin() as session:
        plan_of(session, dt.date(1995, 2, 1), dt.date(1996, 2, 1), "draft")
        assert len(detach_months(session)) == 3


def test_months_go_from_the_oldest_on(old_readings):
    with psycopg.connect(old_readings.worker) as connection, pytest.raises(psycopg.Error, match="oldest month"):
        connection.execute("SELECT devices.detach_reading_month('1995-02-01')")


def test_a_late_reading_of_a_detached_month_is_set_aside_and_the_others_are_stored(old_readings):
    """Stored once the month is back: a letter that waits is replayed."""
    with old_readings.sessions().begin() as session:
        look(session, MOMENT)
    late = message("A", [(FEBRUARY + dt.timedelta(minutes=30), Decimal("627.5"))])
    with old_readings.sessions("ingest").begin() as session:
        counts = arrive(session, late, message("A", hourly(APRIL, 2000, 2001)))
        assert (counts.readings, counts.dead_letters) == (2, 1)
        letter = session.scalars(select(DeadLetter)).one()
        assert letter.reason == "month_detached"
        assert "fleet db attach" in letter.sentence
    with old_readings.sessions().begin() as session:
        for month in (3, 2):
            attach_month(session, dt.date(1995, month, 1))
        assert replay(session, NOW).letters == 1
        assert session.scalar(text("SELECT count(*) FROM devices.reading WHERE value = 627.5")) == 1


def test_no_month_is_made_where_all_before_it_is_closed(old_readings):
    """Even one that never had a reading: energy would not be derived from it."""
    with old_readings.sessions().begin() as session:
        look(session, MOMENT)
        with pytest.raises(DatabaseError, match="detached"), session.begin_nested():
            session.execute(text("SELECT devices.ensure_reading_partitions('1994-06-01', '1994-06-01')"))


def test_energy_of_detached_months_stays_to_the_last_digit_and_revision(old_readings):
    """Whatever makes the point be derived again: a late reading, or everything because the register was put right."""
    with old_readings.sessions().begin() as session:
        arrive(session, *many("A", hourly(MARCH + 10 * 24 * HOUR, *range(1600, 1600 + 24 * 40))))
        point = session.scalars(select(Installation)).one().point_id
        derive_point(session, point)
        plan_of(session, dt.date(1995, 4, 1), dt.date(1996, 4, 1), "frozen")
        detach_months(session)
        before = energy_of(session)
        derive_point(session, point)
        assert energy_of(session) == before
        session.scalars(select(Installation)).one().factor = Decimal(2)
        session.flush()
        derive_point(session, point)
        hours, days = energy_of(session)
    first_left = dt.date(1995, 2, 1)
    assert [row for row in days if row[0] <= first_left] == [row for row in before[1] if row[0] <= first_left]
    assert [row[1] for row in days if row[0] > first_left] == [2 * row[1] for row in before[1] if row[0] > first_left]
    assert len(hours) == len(before[0])


def test_a_month_comes_back_with_its_guards_and_may_go_again(old_readings):
    with old_readings.sessions().begin() as session:
        detach_months(session)
        with pytest.raises(Refusal, match="commencez par 1995-03"):
            attach_month(session, dt.date(1995, 1, 1))
        for month in (3, 2, 1):
            attach_month(session, dt.date(1995, month, 1))
        with pytest.raises(Refusal, match="Aucun mois"):
            attach_month(session, dt.date(1995, 1, 1))
        assert closed_until(session) is None
        assert session.scalar(text("SELECT count(*) FROM devices.reading")) == 24 * 59
        with pytest.raises(DatabaseError, match="kept as it arrived"), session.begin_nested():
            session.execute(text("UPDATE devices.reading SET value = 0"))
        assert len(detach_months(session)) == 3
        assert session.scalars(select(DetachedMonth.attached_at)).all() == [None] * 3


def test_a_backup_that_reads_for_hours_keeps_no_new_month_from_being_made(old_readings):
    """Nor anybody who reads meanwhile; months to be detached wait for it."""
    with psycopg.connect(old_readings.owner) as reader:
        reader.execute("SELECT 1 FROM devices.reading LIMIT 1")
        with old_readings.sessions("worker").begin() as session:
            with pytest.raises(OperationalError, match="lock timeout"), session.begin_nested():
                detach_months(session)
            session.execute(text("SET LOCAL statement_timeout = '20s'"))
            look(session, MOMENT)
            assert state_of(session)[0] == (1, False, None)
            assert NOW.date().replace(day=1) in [month.month for month in reading_months(session)]


def test_heartbeats_beyond_the_rule_are_deleted(database):
    with database.sessions().begin() as session:
        for days in (1, 395, 500):
            at = NOW - dt.timedelta(days=days)
            counts = dict.fromkeys(("messages", "readings", "duplicates", "conflicts", "dead_letters", "retained"), 0)
            session.add(
                IngestHeartbeat(
                    client_id="x", at=at, started_at=at, connected=True, last_commit_at=None, buffered=0, **counts
                )
            )
    with database.sessions("worker").begin() as session:
        look(session, MOMENT)
        assert len(session.scalars(select(IngestHeartbeat)).all()) == 2


@pytest.mark.parametrize("months", [0, 12, 1201])
def test_a_rule_too_short_or_too_long_is_refused(dbsession, months):
    with pytest.raises(Refusal, match="de 13 à 1200 mois"):
        retain(dbsession, "reading", months)


def test_the_command_line_shows_sets_and_brings_back(old_readings, monkeypatch):
    monkeypatch.setenv("FLEET_DATABASE_OWNER_URL", old_readings.owner)

    def run(*words):
        done = CliRunner().invoke(group, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    run("retention", "reading", "1200")
    listed = json.loads(run("partitions", "--json"))
    assert listed["table"] == "devices.reading"
    assert (listed["months"][0]["month"], listed["months"][0]["kept_by"]) == ("1995-01", "retention")
    run("retention", "reading", "132")
    assert "à détacher" in run("partitions")
    with old_readings.sessions().begin() as session:
        detach_months(session)
    assert json.loads(run("partitions", "--json"))["months"][0]["detached"] is True
    run("attach", "1995-03")
    assert "1995-03" in run("partitions")
