"""Ask services for the days that miss, and for no others; killed anywhere and begun again, the result is the same."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Final

from sqlalchemy import Date, cast, func, select

from baseline.weather.files.table import unpacked
from baseline.weather.models import Station, Temperature, WeatherRequest
from baseline.weather.register import import_file
from baseline.weather.services.calls import Received, Wanted, ask, order, poll, same_file
from baseline.weather.services.http import Denied, NoAnswer
from baseline.weather.services.pace import pause, take
from foundation.errors import Refusal
from foundation.time import days as days_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from baseline.weather.services.calls import Services

OPEN: Final = ("wanted", "ordered")
LONGEST_ORDER: Final = 365
"""Days of one request: DPClim takes a year at a time."""
DELAY: Final = {"dpclim": 1, "files": 1, "open_meteo": 6}
"""Days until a service has a day."""
SETTLED: Final = dt.timedelta(days=10)
"""A day still missing so long after it, in an answer, is not asked for again …"""
AGAIN_AFTER: Final = dt.timedelta(days=30)
"""… before this."""
SOON: Final = dt.timedelta(minutes=1)
MOST_TRIES: Final = 8
MOST_POLLS: Final = 60
SHORT_WAIT: Final = 3.0
"""Seconds one call waits for its turn; a longer wait is another look's."""
REFUSED_KEY: Final = 3600.0


def missing_days(session: Session, station: Station, *, now: dt.datetime) -> list[dt.date]:
    """Return the days (UTC) the station's service should have and that are not whole; not those asked for before."""
    if station.fetched_by is None or station.fetched_since is None:
        return []
    start, end = station.fetched_since, now.date() - dt.timedelta(days=DELAY[station.fetched_by] - 1)
    day = cast(func.timezone("UTC", Temperature.hour), Date)
    whole = set(
        session.scalars(
            select(day)
            .where(
                Temperature.station_id == station.id,
                Temperature.hour >= dt.datetime.combine(start, dt.time(), dt.UTC),
            )
            .group_by(day)
            .having(func.count() == 24)
        )
    )
    asked = session.scalars(
        select(WeatherRequest).where(
            WeatherRequest.station_id == station.id,
            WeatherRequest.state.in_(OPEN)
            | ((WeatherRequest.state == "done") & (WeatherRequest.ended_at > now - AGAIN_AFTER)),
        )
    )
    for request in asked:
        known = request.ended_at.date() - SETTLED if request.ended_at else dt.date.max
        whole.update(one for one in days_of(request.first_day, request.end_day) if one < known)
    return [one for one in days_of(start, end) if one not in whole]


def want(session: Session, station: Station, *, now: dt.datetime) -> list[WeatherRequest]:
    """Write down a request for each run of missing days of `station`; asked twice, it is written once."""
    # Two looks at the same time would both find the same days missing.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("baseline.weather_request"), station.id)))
    requests = [
        WeatherRequest(
            station_id=station.id,
            service=station.fetched_by,
            first_day=first,
            end_day=end,
            state="wanted",
            tries=0,
            next_try_at=now,
            asked_at=now,
        )
        for first, end in _runs(missing_days(session, station, now=now), station.fetched_by or "", now.date())
    ]
    session.add_all(requests)
    session.flush()
    return requests


def _runs(days: list[dt.date], service: str, today: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield [first, end) of days that follow each other; for whole files, of all days in one of them."""
    run: list[dt.date] = []
    for day in days:
        if run and not _goes_on(run, day, service, today):
            yield run[0], run[-1] + dt.timedelta(days=1)
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1] + dt.timedelta(days=1)


def _goes_on(run: list[dt.date], day: dt.date, service: str, today: dt.date) -> bool:
    if service == "files":
        return same_file(run[0], day, today)
    return day - run[-1] == dt.timedelta(days=1) and len(run) < LONGEST_ORDER


def due(session: Session, services: Services, *, now: dt.datetime) -> list[WeatherRequest]:
    """Return the open requests whose time has come, of services that are on."""
    rows = session.scalars(
        select(WeatherRequest)
        .where(WeatherRequest.state.in_(OPEN), WeatherRequest.next_try_at <= now)
        .order_by(WeatherRequest.id)
    )
    return [one for one in rows if services.on(one.service)]


def go_on(
    session: Session,
    request_id: int,
    services: Services,
    *,
    now: dt.datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Make the next call of a request and return its state; None where another worker is at it or it has ended.

    One call at most, counted before it is made. What it brings is imported in the caller's transaction.
    """
    request = session.scalar(
        select(WeatherRequest)
        .where(WeatherRequest.id == request_id, WeatherRequest.state.in_(OPEN))
        .with_for_update(skip_locked=True)
    )
    if request is None or not services.on(request.service):
        return None
    while wait := take(session, request.service):
        if wait > SHORT_WAIT:
            request.next_try_at = now + dt.timedelta(seconds=wait)
            return request.state
        sleep(wait)
    request.tries += 1
    try:
        _call(session, request, services, now)
    except NoAnswer as told:
        if told.wait is not None:
            pause(session, request.service, told.wait)
        _try_again(request, now, told)
    except Denied as told:
        if told.key:
            pause(session, request.service, REFUSED_KEY)
        _end(request, "failed", now, told.sentence)
    session.flush()
    return request.state


def _call(session: Session, request: WeatherRequest, services: Services, now: dt.datetime) -> None:
    station = session.get_one(Station, request.station_id)
    wanted = Wanted(station.code, station.latitude, station.longitude, request.first_day, request.end_day)
    if request.service != "dpclim":
        _take_in(session, request, station, ask(services, request.service, wanted, now), now)
    elif request.order_code is None:
        request.order_code = order(services, wanted, now)
        request.state, request.tries, request.next_try_at = "ordered", 0, now + SOON
    elif received := poll(services, wanted, request.order_code, now):
        _take_in(session, request, station, received, now)
    elif request.tries >= MOST_POLLS:
        _end(request, "failed", now, "la commande n'est jamais prête")
    else:
        request.next_try_at = now + SOON


def _take_in(session: Session, request: WeatherRequest, station: Station, received: Received, now: dt.datetime) -> None:
    try:
        with session.begin_nested():
            content = _lines_of(received.content, station.code) if request.service == "files" else received.content
            import_file(session, station, content, name=received.name, imported_by=request.service, now=now)
    except Refusal as refusal:
        _end(request, "failed", now, refusal.sentence)
    else:
        _end(request, "done", now, "")


def _lines_of(content: bytes, code: str) -> bytes:
    """Return the header and the station's lines of a department's file: the original that is kept."""
    lines = unpacked(content).split("\n")
    bare = code.lstrip("0")
    return "\n".join([lines[0], *(line for line in lines[1:] if line.lstrip(" 0").startswith(bare))]).encode()


def _try_again(request: WeatherRequest, now: dt.datetime, told: NoAnswer) -> None:
    request.error = told.sentence
    if (request.tries >= MOST_TRIES and request.state == "wanted") or request.tries >= MOST_POLLS:
        _end(request, "failed", now, told.sentence)
    else:
        seconds = min(60.0 * 2 ** min(request.tries - 1, 8), 4 * 3600)
        request.next_try_at = now + dt.timedelta(seconds=max(seconds, told.wait or 0))


def _end(request: WeatherRequest, state: str, now: dt.datetime, error: str) -> None:
    request.state, request.ended_at, request.error = state, now, error
