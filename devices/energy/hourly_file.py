"""Clean energy hour by hour, as a file: what a boundary's days are the sums of."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.energy.models import HourlyEnergy
from foundation.sheets import csv_bytes
from foundation.time import local_midnight, time_zone

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from devices.points.models import MeasurementBoundary

COLUMNS = ("point", "hour_utc", "kwh", "reason")


def hourly_csv(session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date) -> bytes:
    """Return the hours of the points of `boundary` over local days [start, end): point number, start of the hour, kWh.

    Coefficients are not applied; an hour nobody measured has no kWh, or no line.
    """
    zone = time_zone(boundary.buildings[0].site.timezone)
    rows = session.execute(
        select(HourlyEnergy.point_id, HourlyEnergy.hour, HourlyEnergy.kwh, HourlyEnergy.reason)
        .where(
            HourlyEnergy.point_id.in_({term.point_id for term in boundary.terms}),
            HourlyEnergy.hour >= local_midnight(start, zone),
            HourlyEnergy.hour < local_midnight(end, zone),
        )
        .order_by(HourlyEnergy.hour, HourlyEnergy.point_id)
    )
    return csv_bytes(
        COLUMNS,
        (
            (point, hour.astimezone(dt.UTC).isoformat(), None if kwh is None else format(kwh, "f"), reason)
            for point, hour, kwh, reason in rows
        ),
    )
