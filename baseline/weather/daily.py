"""Daily means of a station's temperature, by local day; short gaps are interpolated and counted apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Date, cast, func, select

from baseline.weather.gaps import HOUR, REACH, between
from baseline.weather.models import Temperature
from foundation.time import local_midnight

if TYPE_CHECKING:
    import datetime as dt
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station


@dataclass(frozen=True, slots=True)
class DayOfWeather:
    """The mean temperature of a local day (°C) over the hours that have one."""

    day: dt.date
    celsius: Decimal
    hours: int
    interpolated: int = 0
    """How many of `hours` were made up between two known ones (`baseline.weather.gaps`)."""


def daily_temperatures(
    session: Session, station: Station, start: dt.date, end: dt.date, zone: ZoneInfo
) -> dict[dt.date, DayOfWeather]:
    """Return the mean temperature at `station` of each local day of [start, end) that has any hour."""
    first, last = local_midnight(start, zone), local_midnight(end, zone)
    local_day = cast(func.timezone(zone.key, Temperature.hour), Date)
    rows = session.execute(
        select(local_day, func.avg(Temperature.celsius), func.count())
        .where(Temperature.station_id == station.id, Temperature.hour >= first, Temperature.hour < last)
        .group_by(local_day)
        .order_by(local_day)
    )
    known = {day: DayOfWeather(day, celsius, hours) for day, celsius, hours in rows}
    made_up: dict[dt.date, list[Decimal]] = defaultdict(list)
    for hour, celsius in _made_up(session, station, first, last):
        made_up[hour.astimezone(zone).date()].append(celsius)
    return {
        day: _with(known.get(day), day, made_up[day]) if day in made_up else known[day]
        for day in sorted({*known, *made_up})
    }


def _made_up(
    session: Session, station: Station, first: dt.datetime, last: dt.datetime
) -> list[tuple[dt.datetime, Decimal]]:
    """Return the hours of [first, last) in gaps short enough; the hours around a gap may lie outside."""
    near = (
        select(
            Temperature.hour,
            Temperature.celsius,
            func.lead(Temperature.hour).over(order_by=Temperature.hour).label("next_hour"),
            func.lead(Temperature.celsius).over(order_by=Temperature.hour).label("next_celsius"),
        )
        .where(Temperature.station_id == station.id, Temperature.hour >= first - REACH, Temperature.hour < last + REACH)
        .subquery()
    )
    around = session.execute(
        select(near).where(near.c.next_hour > near.c.hour + HOUR, near.c.next_hour <= near.c.hour + REACH)
    )
    return [
        (hour, celsius)
        for before, celsius_before, after, celsius_after in around
        for hour, celsius in between(before, celsius_before, after, celsius_after)
        if first <= hour < last
    ]


def _with(known: DayOfWeather | None, day: dt.date, made_up: list[Decimal]) -> DayOfWeather:
    hours = (known.hours if known else 0) + len(made_up)
    total = sum(made_up, known.celsius * known.hours if known else Decimal(0))
    return DayOfWeather(day, total / hours, hours, len(made_up))
