"""What the worker does about weather: each night sensors' hours and missing days, in between what services owe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from baseline.weather.models import Station
from baseline.weather.sensors import observe_sensor
from baseline.weather.services.calls import Services
from baseline.weather.services.fetch import due, go_on, want
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

NIGHT: Final = "baseline.weather_night"
ASK: Final = "baseline.weather_ask"
FROM_HOUR: Final = 4
"""UTC: services have the day before by then."""

_services = Services()


def administer(services: Services) -> None:
    """Say where the services are; until then they are off."""
    global _services  # noqa: PLW0603 - the one setting of this process
    _services = services


@periodically("baseline.weather.look", seconds=60.0)
def look(session: Session, moment: Moment) -> None:
    """Ask for the night's work once a day, and for each call whose time has come."""
    if moment.now.hour >= FROM_HOUR:
        stations = session.scalars(
            select(Station).where((Station.source == "sensor") | Station.fetched_by.is_not(None)).order_by(Station.id)
        )
        night = {
            f"{moment.now:%Y-%m-%d}-{one.id}": {"station_id": one.id}
            for one in stations
            if one.fetched_by is None or _services.on(one.fetched_by)
        }
        _ask_once(session, NIGHT, N_("Températures de la nuit"), night)
    calls = {
        f"{one.id}-{one.next_try_at:%Y%m%dT%H%M%S.%f}": {"request_id": one.id}
        for one in due(session, _services, now=moment.now)
    }
    _ask_once(session, ASK, N_("Températures demandées aux services"), calls)


def _ask_once(session: Session, kind: str, title: str, items: dict[str, dict[str, int]]) -> None:
    known = session.scalars(select(JobItem.key).join(Job).where(Job.kind == kind, JobItem.key.in_(items)))
    for key in known:
        del items[key]
    if items:
        ask(session, kind, title, items)


@handles(NIGHT)
def night(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Make the hours of a sensor, or write down which days a service is to be asked for."""
    station = session.get_one(Station, params["station_id"])
    if station.source == "sensor":
        return observe_sensor(session, station, now=moment.now)._asdict()
    return {"requests": len(want(session, station, now=moment.now))}


@handles(ASK)
def call(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Make one call to a service."""
    return {"state": go_on(session, params["request_id"], _services, now=moment.now)}
