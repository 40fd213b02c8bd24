"""Daily means of a station's temperature, by local day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Date, cast, func, select

from baseline.weather.models import Temperature
from foundation.time import local_midnight

if TYPE_CHECKING:
    import datetime as dt
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from baseline.weather.models import Station


@dataclass(frozen=True, slots=True)
class DayOfWeather:
    """The mean temperature of a local day (°C) over the hours that have one."""

    day: dt.date
    celsius: Decimal
    hours: int


def daily_temperatures(
    session: Session, station: Station, start: dt.date, end: dt.date, zone: ZoneInfo
) -> dict[dt.date, DayOfWeather]:
    """Return the mean temperature at `station` of each local day of [start, end) that has any hour."""
    local_day = cast(func.timezone(zone.key, Temperature.hour), Date)
    rows = session.execute(
        select(local_day, func.avg(Temperature.celsius), func.count())
        .where(
            Temperature.station_id == station.id,
            Temperature.hour >= local_midnight(start, zone),
            Temperature.hour < local_midnight(end, zone),
        )
        .group_by(local_day)
        .order_by(local_day)
    )
    return {day: DayOfWeather(day, celsius, hours) for day, celsius, hours in rows}
