"""The two synthetic stations and their temperatures, imported as files from a weather service would be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from baseline.weather.models import Station, Temperature
from baseline.weather.register import import_csv, register_station
from fleet.demonstration import weather

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

HOUR = dt.timedelta(hours=1)


def found_station(session: Session, told: weather.Station) -> Station:
    """Return the station `told`, registered where it was not."""
    station = session.scalar(select(Station).where(Station.code == told.code))
    return station or register_station(
        session,
        code=told.code,
        name=told.name,
        latitude=Decimal(str(told.latitude)),
        longitude=Decimal(str(told.longitude)),
        synthetic=True,
    )


def bring_temperatures(
    session: Session, told: weather.Station, start: dt.datetime, end: dt.datetime, *, seed: int, now: dt.datetime
) -> int:
    """Import the hours of [start, end) the station lacks, as one file; return how many were new."""
    station = found_station(session, told)
    known = session.scalar(select(func.max(Temperature.hour)).where(Temperature.station_id == station.id))
    first = start if known is None else max(start, known + HOUR)
    if first >= end:
        return 0
    celsius = weather.temperatures(told, first, end, seed)
    lines = [f"{first + n * HOUR:%Y-%m-%dT%H:%MZ},{value:.1f}" for n, value in enumerate(celsius)]
    done = import_csv(
        session,
        station,
        "\n".join(["heure_utc,temperature_c", *lines, ""]).encode(),
        name=f"{told.code}-{first:%Y%m%d%H}-{end:%Y%m%d%H}.csv",
        time_column="heure_utc",
        temperature_column="temperature_c",
        timezone="UTC",
        imported_by="Démonstration",
        now=now,
    )
    return done.hours_new
