"""What the sensors of a point sent, as a file: the same bytes for whoever asks for the same period again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from foundation.sheets import csv_bytes
from foundation.time import local_midnight, time_zone

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from devices.points.models import MeteringPoint

DAY = dt.timedelta(days=1)
COLUMNS = ("serial", "channel", "time_utc", "value", "factor_to_kwh", "received_at")


def readings_csv(
    session: Session, point: MeteringPoint, start: dt.date, end: dt.date, *, received_until: dt.datetime | None = None
) -> bytes:
    """Return the readings of `point` over local days [start, end), the index at the last midnight included.

    Instants in UTC, values in the unit of the register; with `received_until`, as they were known at that instant.
    """
    zone = time_zone(point.building.site.timezone)
    query = (
        select(Device.serial, Installation.channel, Reading.ts, Reading.value, Installation.factor, Reading.received_at)
        .join(Installation, Installation.id == Reading.installation_id)
        .join(Device, Device.id == Installation.device_id)
        .where(
            Installation.point_id == point.id,
            Reading.ts >= local_midnight(start, zone),
            # The index that closes the last day is read at the midnight that follows it.
            Reading.ts <= local_midnight(end, zone),
        )
        .order_by(Reading.ts, Installation.id)
    )
    if received_until is not None:
        query = query.where(Reading.received_at <= received_until)
    return csv_bytes(
        COLUMNS,
        (
            (serial, channel, _utc(ts), format(value, "f"), factor, _utc(at))
            for serial, channel, ts, value, factor, at in session.execute(query)
        ),
    )


def _utc(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat()
