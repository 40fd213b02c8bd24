"""Observations in the database: versions, quality, gaps; what is known is never overwritten."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from baseline.weather.daily import daily_temperatures
from baseline.weather.extremes import extremes_of
from baseline.weather.gaps import between, gaps, interpolated
from baseline.weather.models import Observation, Temperature
from baseline.weather.observe import observe
from baseline.weather.observed import Observed
from baseline.weather.register import import_file, register_station, stations_in
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.tenancy import bind_actor

PARIS = ZoneInfo("Europe/Paris")
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
HEAD = "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJHH;T;QT\n"


@pytest.fixture
def lorient(dbsession):
    return register_station(dbsession, code="56185001", name="Lorient", source="meteo_france", wmo_code="07205")


def hours_of(session, station):
    rows = session.execute(
        select(Temperature.hour, Temperature.celsius).where(Temperature.station_id == station.id).order_by("hour")
    )
    return {round((hour - START) / HOUR): celsius for hour, celsius in rows}


def line(hour, celsius, quality="1", code="56185001"):
    return f"{code};LORIENT;47.762833;-3.435667;45;{START + hour * HOUR:%Y%m%d%H};{celsius};{quality}\n"


def bring(session, station, text, now=NOW, **more):
    return import_file(session, station, text.encode(), name="H_56.csv", imported_by="Claire", now=now, **more)


def test_a_file_says_what_it_brought_and_again_brings_nothing(dbsession, lorient):
    text = HEAD + line(0, "7.4") + line(1, "") + line(2, "7.0") + line(0, "3.3", code="56243001")
    done = bring(dbsession, lorient, text)
    assert (done.kind, done.hours_new, done.hours_changed, done.days_new) == ("mf_hourly", 2, 0, 0)
    assert hours_of(dbsession, lorient) == {0: Decimal("7.4"), 2: Decimal("7.0")}
    assert lorient.altitude_m == 45
    again = bring(dbsession, lorient, text)
    assert (again.hours_new, again.hours_changed) == (0, 0)


def test_a_revision_is_a_version_and_the_old_one_stays(dbsession, lorient):
    bring(dbsession, lorient, HEAD + line(0, "7.4", "0") + line(1, "6.0"))
    later = NOW + dt.timedelta(days=30)
    done = bring(dbsession, lorient, HEAD + line(0, "7.9", "1") + line(1, "6.0"), now=later)
    assert (done.hours_new, done.hours_changed) == (0, 1)
    versions = dbsession.scalars(select(Observation).where(Observation.at == START).order_by(Observation.version))
    assert [(one.celsius, one.quality, one.received_at) for one in versions] == [
        (Decimal("7.4"), 0, NOW),
        (Decimal("7.9"), 1, later),
    ]
    assert hours_of(dbsession, lorient)[0] == Decimal("7.9")


def test_a_value_that_becomes_doubtful_or_is_taken_back_counts_no_more(dbsession, lorient):
    bring(dbsession, lorient, HEAD + line(0, "7.4") + line(1, "6.0") + line(2, "5.0", "9"))
    bring(dbsession, lorient, HEAD + line(0, "7.4", "2") + line(1, ""))
    assert hours_of(dbsession, lorient) == {2: Decimal("5.0")}
    bring(dbsession, lorient, HEAD + line(0, "7.4", "1"))
    assert hours_of(dbsession, lorient) == {0: Decimal("7.4"), 2: Decimal("5.0")}


def test_the_checked_database_goes_before_messages_whichever_comes_last(dbsession, lorient):
    synop = "numer_sta;date;t\n07205;20240101000000;280.15\n07205;20240101030000;281.15\n"
    bring(dbsession, lorient, HEAD + line(0, "7.4"))
    done = bring(dbsession, lorient, synop)
    assert (done.kind, done.hours_new) == ("synop", 2)
    assert hours_of(dbsession, lorient) == {0: Decimal("7.4"), 3: Decimal("8.00")}
    bring(dbsession, lorient, HEAD + line(0, "7.4", "2"))
    assert hours_of(dbsession, lorient)[0] == Decimal("7.00")


def test_a_file_of_other_stations_is_refused_and_names_them(dbsession, lorient):
    with pytest.raises(Refusal, match="56243001"):
        bring(dbsession, lorient, HEAD + line(0, "7.4", code="56243001"))
    text = HEAD + line(0, "7.4") + line(0, "3.3", code="56243001")
    assert stations_in(dbsession, text.encode()) == [lorient]


def test_a_reanalysis_is_no_observation(dbsession, lorient):
    with pytest.raises(Refusal, match="réanalyse"):
        observe(dbsession, lorient, [Observed("T", START, Decimal(5))], source="open_meteo", now=NOW)
    grid = register_station(dbsession, code="OM-LORIENT", name="Point", source="open_meteo")
    observe(dbsession, grid, [Observed("T", START, Decimal(5))], source="open_meteo", now=NOW)
    with pytest.raises(Refusal, match="réanalyse"):
        observe(dbsession, grid, [Observed("T", START, Decimal(5))], source="csv", now=NOW)


def test_six_hours_are_made_up_and_counted_seven_are_not(dbsession, lorient):
    known = [Observed("T", START + n * HOUR, Decimal(n % 24)) for n in range(72) if n not in range(30, 36)]
    observe(dbsession, lorient, known, source="csv", now=NOW)
    days = daily_temperatures(dbsession, lorient, dt.date(2024, 1, 1), dt.date(2024, 1, 3), PARIS)
    second = days[dt.date(2024, 1, 2)]
    assert (second.hours, second.interpolated) == (24, 6)
    assert second.celsius == days[dt.date(2024, 1, 2)].celsius == Decimal("11.5")
    assert days[dt.date(2024, 1, 1)].interpolated == 0
    taken = [Observed("T", START + 36 * HOUR, None)]
    observe(dbsession, lorient, taken, source="csv", now=NOW)
    second = daily_temperatures(dbsession, lorient, dt.date(2024, 1, 1), dt.date(2024, 1, 3), PARIS)[second.day]
    assert (second.hours, second.interpolated) == (17, 0)


def test_messages_every_three_hours_are_a_whole_day(dbsession, lorient):
    observe(
        dbsession,
        lorient,
        [Observed("T", START + 3 * n * HOUR, Decimal(n)) for n in range(-8, 24)],
        source="synop",
        now=NOW,
    )
    day = daily_temperatures(dbsession, lorient, dt.date(2024, 1, 1), dt.date(2024, 1, 2), PARIS)
    assert (day[dt.date(2024, 1, 1)].hours, day[dt.date(2024, 1, 1)].interpolated) == (24, 16)


def test_published_extremes_go_before_those_of_hours(dbsession, lorient):
    observe(
        dbsession,
        lorient,
        [Observed("T", START + n * HOUR, Decimal(n % 24)) for n in range(-24, 72)],
        source="csv",
        now=NOW,
    )
    days = dt.date(2024, 1, 1), dt.date(2024, 1, 3)
    kind, known = extremes_of(dbsession, lorient, *days)
    assert (kind, sorted(known)) == ("hourly", [dt.date(2024, 1, 1), dt.date(2024, 1, 2)])
    observe(dbsession, lorient, [Observed("TN", START, Decimal(-1), 1)], source="meteo_france", now=NOW)
    kind, known = extremes_of(dbsession, lorient, *days)
    assert kind == "published"
    assert [(both.tn, both.tx) for both in known.values()] == [(Decimal(-1), None)]


def test_what_was_observed_is_never_changed(database):
    with database.sessions().begin() as session:
        station = register_station(session, code="56185001", name="Lorient")
        observe(session, station, [Observed("T", START, Decimal(5))], source="csv", now=NOW)
    for role in ("worker", "web"):
        with database.sessions(role)() as session:
            if role == "web":
                bind_actor(session, Actor(Role.OPERATOR, name="Claire"))
            session.execute(select(Observation)).all()
            with pytest.raises(DatabaseError, match="denied"):
                session.execute(Observation.__table__.update().values(celsius=6))


@given(st.sets(st.integers(0, 200), min_size=2), st.decimals(-20, 40, places=1), st.decimals(-20, 40, places=1))
def test_gaps_are_filled_whole_or_not_at_all(present, one, other):
    known = {START + n * HOUR: one if n % 2 else other for n in present}
    made = interpolated(known)
    assert made.keys().isdisjoint(known)
    assert all(min(one, other) <= celsius <= max(one, other) for celsius in made.values())
    whole = sorted({*known, *made})
    remaining = list(gaps(whole))
    assert remaining == list(gaps(sorted(known)))
    assert all((end - start) / HOUR > 6 for start, end in remaining)
    missing = (whole[-1] - whole[0]) / HOUR + 1 - len(whole)
    assert missing == sum((end - start) / HOUR for start, end in remaining)


def test_a_straight_line_is_drawn():
    assert between(START, Decimal(0), START + 4 * HOUR, Decimal(8)) == [
        (START + n * HOUR, Decimal(2 * n)) for n in (1, 2, 3)
    ]
    assert between(START, Decimal(0), START + HOUR, Decimal(8)) == []
    assert len(between(START, Decimal(0), START + 7 * HOUR, Decimal(7))) == 6
    assert between(START, Decimal(0), START + 8 * HOUR, Decimal(8)) == []
