"""Services are asked for what misses and nothing else, within their quotas, whatever they answer."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from baseline.weather import tasks
from baseline.weather.models import Observation, ServicePace, Station, Temperature, WeatherRequest
from baseline.weather.observe import observe
from baseline.weather.observed import Observed
from baseline.weather.register import fetch, register_station
from baseline.weather.services import calls, http
from baseline.weather.services.calls import Pace, Services, open_data_name
from baseline.weather.services.fetch import due, go_on, missing_days, want
from baseline.weather.services.http import Denied, NoAnswer, get
from baseline.weather.services.pace import take
from foundation.errors import Refusal
from foundation.jobs.models import Job
from foundation.jobs.queue import Moment
from foundation.jobs.run import open_jobs, run_job
from tests.baseline.weather_server import KEY, weather_server

NOW = dt.datetime(2026, 1, 4, 5, tzinfo=dt.UTC)
FIRST = dt.date(2026, 1, 1)
QUICK = {service: Pace(0.0, 1000) for service in calls.PACES}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("baseline.weather.services.pace.PACES", QUICK)
    with weather_server() as told:
        yield told


@pytest.fixture
def services(server):
    return Services(f"{server.url}/dpclim", KEY, f"{server.url}/files", f"{server.url}/archive")


@pytest.fixture
def place(database):
    """Make a database with a station that a service is asked about."""

    def make(service="dpclim", since=FIRST):
        with database.sessions().begin() as session:
            source = "open_meteo" if service == "open_meteo" else "meteo_france"
            station = register_station(
                session,
                code="56185001",
                name="Lorient",
                latitude=Decimal("47.76"),
                longitude=Decimal("-3.43"),
                source=source,
            )
            fetch(session, station, service=service, since=since)
        return database

    return make


def asked(database, now=NOW):
    """Write the night's requests down and return their numbers."""
    with database.sessions("worker").begin() as session:
        return [one.id for one in want(session, session.scalars(select(Station)).one(), now=now)]


def call(database, number, services, now=NOW):
    with database.sessions("worker").begin() as session:
        return go_on(session, number, services, now=now)


def count(database, model):
    with database.sessions()() as session:
        return session.scalar(select(func.count()).select_from(model))


def request_of(database):
    with database.sessions()() as session:
        return session.scalars(select(WeatherRequest).order_by(WeatherRequest.id)).all()[-1]


def test_dpclim_is_ordered_then_fetched_once_it_is_ready(place, server, services):
    database = place()
    [number] = asked(database)
    assert asked(database) == []
    assert call(database, number, services) == "ordered"
    server.wrong = [(204, {}), (404, {})]
    assert [call(database, number, services) for _ in range(3)] == ["ordered", "ordered", "done"]
    assert count(database, Temperature) == 72
    assert server.asked[0].endswith(
        "id-station=56185001&date-deb-periode=2026-01-01T00%3A00%3A00Z&date-fin-periode=2026-01-03T23%3A00%3A00Z"
    )
    assert call(database, number, services) is None
    assert asked(database, NOW + dt.timedelta(hours=1)) == []


@pytest.mark.parametrize(("service", "hours"), [("files", 72), ("open_meteo", 71)])
def test_services_that_answer_at_once(place, server, services, service, hours):
    database = place(service)
    later = NOW + dt.timedelta(days=5) if service == "open_meteo" else NOW
    [number] = asked(database, later)
    assert call(database, number, services, later) == "done"
    assert count(database, Temperature) == hours
    assert len(server.asked) == 1
    if service == "files":
        assert server.asked == ["/files/HOR/H_56_latest-2025-2026.csv.gz"]
        with database.sessions()() as session:
            kept = session.scalars(text("SELECT content FROM foundation.attachment")).one()
            assert b"56243001" not in bytes(kept)


def test_only_missing_days_are_asked_for(place):
    database = place(since=dt.date(2025, 12, 28))
    with database.sessions().begin() as session:
        station = session.scalars(select(Station)).one()
        start = dt.datetime(2025, 12, 30, tzinfo=dt.UTC)
        known = [Observed("T", start + dt.timedelta(hours=n), Decimal(5)) for n in range(47)]
        observe(session, station, known, source="csv", now=NOW)
        assert missing_days(session, station, now=NOW) == [
            dt.date(2025, 12, 28),
            dt.date(2025, 12, 29),
            dt.date(2025, 12, 31),
            *(FIRST + dt.timedelta(days=n) for n in range(3)),
        ]
        requests = want(session, station, now=NOW)
        assert [(one.first_day.day, one.end_day.day) for one in requests] == [(28, 30), (31, 4)]


def test_what_a_service_does_not_have_is_not_asked_for_every_night(place, services):
    database = place("open_meteo")
    later = NOW + dt.timedelta(days=30)
    [number] = asked(database, later)
    call(database, number, services, later)
    # The last hour of the last day is null: recent, so it is asked for again; once it is old it is not.
    tomorrow = later + dt.timedelta(days=1)
    assert len(asked(database, tomorrow)) == 1
    with database.sessions()() as session:
        station = session.scalars(select(Station)).one()
        assert FIRST not in missing_days(session, station, now=tomorrow)


REFUSALS = [
    (401, {}, "failed", "clé"),
    (403, {}, "failed", "clé"),
    (404, {}, "failed", "404"),
    (400, {}, "failed", "400"),
    (302, {"Location": "http://127.0.0.1:9/"}, "failed", "302"),
    (429, {"Retry-After": "120"}, "wanted", "429"),
    (503, {"Retry-After": "Sun, 04 Jan 2026 05:10:00 GMT"}, "wanted", "503"),
    (500, {}, "wanted", "500"),
    (502, {}, "wanted", "502"),
]


def test_every_refusal_says_what_it_is_and_is_tried_again_where_that_helps(place, server, services):
    database = place()
    for status, headers, state, word in REFUSALS:
        with database.sessions().begin() as session:
            session.execute(text("DELETE FROM baseline.weather_request"))
            session.execute(text("DELETE FROM baseline.service_pace"))
        [number] = asked(database)
        server.wrong = [(status, headers)]
        assert call(database, number, services) == state, status
        request = request_of(database)
        assert word in request.error
        assert (request.ended_at is None) == (state == "wanted")
        with database.sessions()() as session:
            assert due(session, services, now=NOW + dt.timedelta(seconds=30)) == []
            assert len(due(session, services, now=NOW + dt.timedelta(hours=1))) == (state == "wanted")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"error":true,"reason":"Latitude must be in range of -90 to 90"}',
            " : Latitude must be in range of -90 to 90)",
        ),
        (b'{"code":"900901","message":"Invalid\\nCredentials","description":"x"}', " : Invalid Credentials)"),
        (b"<html>bad gateway</html>", "(400)"),
        (b"[1, 2]", "(400)"),
    ],
)
def test_what_the_service_says_is_wrong_is_told(server, body, reason):
    """Open-Meteo answers 400 with a reason, Météo-France's portal with a message."""
    server.wrong, server.refusal = [(400, {})], body
    with pytest.raises(Denied) as told:
        get(server.url + "/archive", headers={}, now=NOW)
    assert told.value.sentence.endswith(reason)


def test_a_service_that_asks_to_wait_is_left_alone_by_all(place, server, services):
    database = place()
    [number] = asked(database)
    server.wrong = [(429, {"Retry-After": "120"})]
    call(database, number, services)
    assert call(database, number, services, NOW + dt.timedelta(minutes=1)) == "wanted"
    assert len(server.asked) == 1


def test_a_service_that_stays_down_is_given_up_until_the_next_night(place, server, services):
    database = place()
    [number] = asked(database)
    server.wrong = [(500, {})] * 8
    assert [call(database, number, services) for _ in range(8)] == ["wanted"] * 7 + ["failed"]
    assert asked(database) != []


def test_an_answer_cut_short_is_never_imported(place, server, services):
    database = place("files")
    [number] = asked(database)
    server.cut = True
    assert call(database, number, services) == "wanted"
    assert "coupée" in request_of(database).error
    assert count(database, Observation) == 0
    server.cut = False
    assert call(database, number, services) == "done"


def test_a_slow_service_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(http, "DEADLINE", -1.0)
    with pytest.raises(NoAnswer, match="lente"):
        get(f"{server.url}/archive?start_date=2026-01-01&end_date=2026-01-02", headers={}, now=NOW)


def test_nobody_there():
    with pytest.raises(NoAnswer, match="ne répond pas"):
        get("http://127.0.0.1:9/", headers={}, now=NOW)


def test_a_redirection_is_not_followed_with_the_key(server):
    server.wrong = [(302, {"Location": f"{server.url}/archive"})]
    with pytest.raises(Denied, match="302"):
        get(f"{server.url}/dpclim", headers={"apikey": KEY}, now=NOW)
    assert len(server.asked) == 1


def test_the_quota_holds_across_workers(place, monkeypatch):
    monkeypatch.setattr("baseline.weather.services.pace.PACES", {"dpclim": Pace(0.0, 5)})
    database = place()
    taken = []

    def work():
        with database.sessions("worker")() as session:
            taken.extend(take(session, "dpclim") for _ in range(4))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0.0) == 5
    assert count(database, ServicePace) == 1


def test_calls_are_spaced(place, monkeypatch):
    monkeypatch.setattr("baseline.weather.services.pace.PACES", {"dpclim": Pace(60.0, 100)})
    with place().sessions("worker")() as session:
        assert take(session, "dpclim") == 0.0
        assert 50 < take(session, "dpclim") <= 60


def test_a_worker_killed_during_a_call_has_used_it_and_the_next_one_goes_on(place, services):
    database = place()
    [number] = asked(database)
    session = database.sessions("worker")()
    go_on(session, number, services, now=NOW)
    # The second worker leaves to the first what it is at.
    assert call(database, number, services) is None
    session.rollback()
    session.close()
    with database.sessions()() as session:
        assert session.scalars(select(ServicePace.calls)).one() == 1
    assert [call(database, number, services) for _ in range(2)] == ["ordered", "done"]
    assert call(database, number, services) is None
    assert (count(database, Temperature), count(database, Observation)) == (72, 72)


def test_a_night_of_the_worker(place, server, services, monkeypatch):
    database = place()
    monkeypatch.setattr(tasks, "_services", services)
    sessions = database.sessions("worker")
    moments = [NOW + dt.timedelta(minutes=2 * n) for n in range(4)]
    for now in moments:
        moment = Moment(now, now.date())
        with sessions.begin() as session:
            tasks.look(session, moment)
            waiting = open_jobs(session)
        for job in waiting:
            assert run_job(sessions, job, lambda _session, moment=moment: moment) == "done"
    assert count(database, Temperature) == 72
    assert len(server.asked) == 2
    assert count(database, Job) == 3


def test_without_an_address_nothing_is_asked(place, monkeypatch):
    database = place()
    monkeypatch.setattr(tasks, "_services", Services(dpclim_url="http://127.0.0.1:9"))
    with database.sessions("worker").begin() as session:
        tasks.look(session, Moment(NOW, NOW.date()))
        assert open_jobs(session) == []


@pytest.mark.parametrize(
    ("code", "year", "today", "name"),
    [
        ("56185001", 2026, 2026, "H_56_latest-2025-2026.csv.gz"),
        ("56185001", 2025, 2026, "H_56_latest-2025-2026.csv.gz"),
        ("01014002", 2024, 2026, "H_01_previous-2020-2024.csv.gz"),
        ("56185001", 2019, 2026, "H_56_2010-2019.csv.gz"),
        ("97411102", 2026, 2026, "H_974_latest-2025-2026.csv.gz"),
    ],
)
def test_open_data_files_have_these_names(code, year, today, name):
    assert open_data_name(code, dt.date(year, 6, 1), dt.date(today, 6, 1)) == name


def test_a_service_is_asked_for_its_own_stations_only(dbsession):
    mine = register_station(dbsession, code="ECOLE", name="École")
    for service in ("dpclim", "open_meteo"):
        with pytest.raises(Refusal):
            fetch(dbsession, mine, service=service, since=FIRST)
    with pytest.raises(Refusal, match="à partir de quel jour"):
        fetch(dbsession, mine, service="dpclim", since=None)
