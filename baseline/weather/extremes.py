"""The extremes a station's degree days are counted on: those its service publishes, or those of its hours."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from baseline.weather.degree_days import hourly_extremes, published_extremes
from baseline.weather.models import Observation, Temperature
from baseline.weather.observed import Observed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.weather.degree_days import Extremes
    from baseline.weather.models import Station

ALSO = dt.timedelta(days=2)
"""A day's extremes lie between 18 h the day before and 6 h the day after."""


def last_day(session: Session, station: Station) -> dt.date | None:
    """Return the last day (UTC) of which anything is known."""
    last = session.scalar(
        select(func.max(Observation.at)).where(Observation.station_id == station.id, Observation.celsius.is_not(None))
    )
    hour = session.scalar(select(func.max(Temperature.hour)).where(Temperature.station_id == station.id))
    known = [one for one in (last, hour) if one is not None]
    return max(known).date() if known else None


def extremes_of(
    session: Session, station: Station, start: dt.date, end: dt.date
) -> tuple[str, Mapping[dt.date, Extremes]]:
    """Return "published" or "hourly" and the extremes of the days of [start, end): one kind, never both in one sum."""
    first, last = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (start, end))
    rows = session.execute(
        select(Observation.parameter, Observation.at, Observation.celsius, Observation.quality)
        .ext(distinct_on(Observation.parameter, Observation.at))
        .where(
            Observation.station_id == station.id,
            Observation.parameter.in_(("TN", "TX")),
            Observation.at >= first,
            Observation.at < last,
        )
        .order_by(Observation.parameter, Observation.at, Observation.received_at.desc(), Observation.version.desc())
    )
    published = published_extremes(Observed(*row) for row in rows)
    if published:
        return "published", published
    hours: dict[dt.datetime, Decimal] = dict(
        session.execute(
            select(Temperature.hour, Temperature.celsius).where(
                Temperature.station_id == station.id, Temperature.hour >= first - ALSO, Temperature.hour < last + ALSO
            )
        ).all()
    )
    made = hourly_extremes(hours)
    return "hourly", {day: both for day, both in made.items() if start <= day < end}
