"""Which station speaks for a building, sensors as stations, and what a revision does to what is frozen: nothing."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DatabaseError

from baseline.plans.models import MeasurementPlan
from baseline.revisions.differences import differences
from baseline.weather.choice import Place, distance_km, ranked
from baseline.weather.held import held, revisions
from baseline.weather.models import Station, Temperature
from baseline.weather.observe import observe
from baseline.weather.observed import Observed
from baseline.weather.register import register_station
from baseline.weather.revised import revised_days
from baseline.weather.sensors import observe_sensor, station_of_point
from contracts.sites.register import register_building, register_site
from devices.ingest.models import Reading
from devices.inventory.models import Installation
from devices.inventory.register import register_device
from devices.points.register import register_point
from foundation.errors import Refusal
from tests.baseline.measured_building import AFTER, NOON, measured

PARIS = ZoneInfo("Europe/Paris")
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LORIENT = Place(Decimal("47.762833"), Decimal("-3.435667"), Decimal(45))
VANNES = Place(Decimal("47.6045"), Decimal("-2.714167"), Decimal(3))
places = st.builds(Place, st.decimals(-89, 89, places=3), st.decimals(-180, 180, places=3))


def test_the_nearest_station_of_about_the_same_height_is_proposed():
    town_hall = Place(Decimal("47.7483"), Decimal("-3.3702"), Decimal(20))
    high = Place(Decimal("47.7500"), Decimal("-3.3700"), Decimal(171))
    unknown = Place(Decimal("47.90"), Decimal("-3.37"))
    order = ranked(town_hall, [(1, VANNES), (2, high), (3, LORIENT), (4, unknown)])
    assert [(one.key, one.admissible) for one in order] == [(3, True), (4, True), (2, False), (1, False)]
    assert [one.rise_m for one in order] == [25, None, 151, -17]
    assert order[0].km == pytest.approx(5.15, abs=0.1)
    assert order[-1].km == pytest.approx(51.6, abs=0.5)


@given(places, places)
def test_distance_is_a_distance(one, other):
    there = distance_km(one, other)
    assert 0 <= there <= 20016
    assert there == pytest.approx(distance_km(other, one))
    assert distance_km(one, one) == 0


def sensor(session, factor="1"):
    site = register_site(
        session,
        name="École",
        city="Lorient",
        timezone="Europe/Paris",
        latitude=LORIENT.latitude,
        longitude=LORIENT.longitude,
        altitude_m=Decimal(30),
    )
    building = register_building(session, site, name="Préau", use="école")
    point = register_point(session, building, name="Dehors", energy="ambient", direction="none")
    device = register_device(session, serial="T1")
    installation = Installation(
        device=device,
        point=point,
        channel="t",
        quantity="temperature",
        factor=Decimal(factor),
        period=Range(START, None),
    )
    session.add(installation)
    session.flush()
    session.execute(
        text("SELECT devices.ensure_reading_partitions(:a, :b)"), {"a": START, "b": START + dt.timedelta(days=3)}
    )
    return point, installation


def reads(session, installation, minutes, value):
    at = START + dt.timedelta(minutes=minutes)
    session.add(Reading(installation_id=installation.id, ts=at, value=Decimal(value), received_at=at))
    session.flush()


def test_a_sensor_becomes_a_station_of_hourly_means(dbsession):
    point, installation = sensor(dbsession)
    for minutes, value in ((0, "4"), (30, "5"), (60, "85"), (125, "3"), (180, "2")):
        reads(dbsession, installation, minutes, value)
    station = station_of_point(dbsession, point)
    assert (station.source, station.altitude_m, station.code) == ("sensor", 30, f"sonde-{point.id}")
    now = START + dt.timedelta(hours=3, minutes=20)
    written = observe_sensor(dbsession, station, now=now)
    hours = dbsession.execute(select(Temperature.hour, Temperature.celsius).order_by(Temperature.hour)).all()
    # 85 °C is no outdoor temperature; the hour under way waits.
    assert hours == [(START, Decimal("4.5")), (START + 2 * HOUR, Decimal(3))]
    assert written.hours_new == 2
    assert observe_sensor(dbsession, station, now=now) == (0, 0, 0, 0)
    reads(dbsession, installation, 45, "6")
    assert observe_sensor(dbsession, station, now=now + HOUR) == (1, 1, 0, 0)


def test_a_meter_is_no_weather_station(dbsession):
    point, _installation = sensor(dbsession)
    station_of_point(dbsession, point)
    with pytest.raises(Refusal, match="déjà une station"):
        station_of_point(dbsession, point)
    meter = register_point(dbsession, point.building, name="Général", energy="gas")
    with pytest.raises(Refusal, match="compte une énergie"):
        station_of_point(dbsession, meter)


def test_what_is_held_says_gaps_quality_and_revisions(dbsession):
    station = register_station(dbsession, code="56185001", name="Lorient")
    known = [Observed("T", START + n * HOUR, Decimal(n), 1) for n in (0, 1, 3, 20, 21)]
    observe(dbsession, station, known, source="meteo_france", now=NOON)
    later = NOON + dt.timedelta(days=1)
    observe(dbsession, station, [Observed("T", START + 21 * HOUR, Decimal(9), 2)], source="meteo_france", now=later)
    told = held(dbsession, station)
    assert (told.hours, told.short_gaps, told.missing) == (4, 1, 16)
    assert [(gap.start, gap.end) for gap in told.long_gaps] == [(START + 4 * HOUR, START + 20 * HOUR)]
    assert told.qualities == [("meteo_france", 1, 4), ("meteo_france", 2, 1)]
    [revision] = revisions(dbsession, station)
    assert (revision.before, revision.now, revision.quality_now, revision.received_at) == (21, 9, 2, later)


def test_a_revision_changes_no_frozen_figure_and_shows_as_a_difference(dbsession):
    of = measured(dbsession)
    # The building's hours were written directly: what its plan was frozen on becomes the first version.
    dbsession.execute(
        text(
            "INSERT INTO baseline.observation (station_id, parameter, at, source, version, celsius, received_at)"
            " SELECT station_id, 'T', hour, 'csv', 1, celsius, :then FROM baseline.temperature"
        ),
        {"then": NOON - dt.timedelta(days=1)},
    )
    report = of.report()
    frozen = (of.plan.sha256, of.plan.model, report.sha256, report.avoided_energy_kwh)
    assert [one.days for one in differences(dbsession, of.plan)] == [[], []]
    hour = dt.datetime(2018, 2, 3, 12, tzinfo=dt.UTC)
    winter = dt.datetime(2023, 2, 3, 12, tzinfo=dt.UTC)
    later = NOON + dt.timedelta(days=40)
    revised = [Observed("T", at, Decimal(-11)) for at in (hour, hour + HOUR, winter)]
    observe(dbsession, of.plan.station, revised, source="csv", now=later)
    of_plan, of_report = differences(dbsession, of.plan)
    assert [(day.day, day.hours) for day in of_plan.days] == [(hour.date(), 2)]
    assert [(day.day, day.hours) for day in of_report.days] == [(winter.date(), 1)]
    assert of_report.report is report
    assert of_plan.days[0].now < of_plan.days[0].before
    dbsession.refresh(of.plan)
    dbsession.refresh(report)
    assert (of.plan.sha256, of.plan.model, report.sha256, report.avoided_energy_kwh) == frozen
    # Given again as it was, nothing is different any more, and the versions tell the story.
    station = of.plan.station
    assert revised_days(dbsession, station, AFTER, dt.date(2024, 1, 1), since=later, zone=PARIS) == []
    assert len(revisions(dbsession, station)) == 3


def test_the_station_of_a_frozen_plan_is_frozen(dbsession):
    of = measured(dbsession)
    other = register_station(dbsession, code="56243001", name="Vannes")
    with pytest.raises(DatabaseError, match="never changed"):
        dbsession.execute(update(MeasurementPlan).where(MeasurementPlan.id == of.plan.id).values(station_id=other.id))
    assert dbsession.get_one(Station, other.id)
