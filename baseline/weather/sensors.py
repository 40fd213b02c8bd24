"""The SPL's own outdoor sensors: a metering point of outdoor temperature becomes a station of hourly means."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import Numeric, cast, func, select

from baseline.weather.files.table import COLDEST, HOTTEST
from baseline.weather.models import Station, Temperature
from baseline.weather.observe import observe
from baseline.weather.observed import HOURLY, Observed
from devices.dialects.quantities import Quantity
from devices.ingest.models import Reading
from devices.inventory.models import Installation
from devices.points.kinds import AMBIENT
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from baseline.weather.observe import Written
    from devices.points.models import MeteringPoint

LATE: Final = dt.timedelta(days=31)
"""How long after its hour a reading may still arrive and be counted; the versions say when it did."""


def station_of_point(session: Session, point: MeteringPoint) -> Station:
    """Make a station of an outdoor sensor, where its site stands; its readings become hours each night.

    Refuses a point that is no ambient one, or that is a station already.
    """
    if point.energy != AMBIENT:
        raise Refusal(
            "« {point} » compte une énergie ; une station se fait d'un point d'ambiance, placé dehors.",
            field="point_id",
            point=point.name,
        )
    if session.scalar(select(Station.id).where(Station.point_id == point.id)) is not None:
        raise Refusal("« {point} » est déjà une station.", field="point_id", point=point.name)
    site = point.building.site
    station = Station(
        code=f"sonde-{point.id}",
        name=f"{site.name}, {point.name}",
        latitude=site.latitude,
        longitude=site.longitude,
        altitude_m=site.altitude_m,
        source="sensor",
        synthetic=site.synthetic,
        point_id=point.id,
    )
    session.add(station)
    session.flush()
    return station


def observe_sensor(session: Session, station: Station, *, now: dt.datetime) -> Written:
    """Make hours of the station's readings: the mean of each full hour that has any, from the last 31 days known on.

    A reading that cannot be an outdoor temperature is left out; an hour without another has no value.
    """
    until = now.replace(minute=0, second=0, microsecond=0)
    last = session.scalar(select(func.max(Temperature.hour)).where(Temperature.station_id == station.id))
    hour = func.date_trunc("hour", Reading.ts, "UTC")
    celsius = Reading.value * Installation.factor
    query = (
        select(hour, cast(func.avg(celsius), Numeric(7, 4)))
        .join(Installation, Installation.id == Reading.installation_id)
        .where(
            Installation.point_id == station.point_id,
            Installation.quantity == Quantity.TEMPERATURE.value,
            Reading.ts < until,
            celsius.between(COLDEST, HOTTEST),
        )
        .group_by(hour)
        .order_by(hour)
    )
    if last is not None:
        query = query.where(Reading.ts >= last - LATE)
    values = [Observed(HOURLY, at, mean) for at, mean in session.execute(query)]
    return observe(session, station, values, source="sensor", now=now)
