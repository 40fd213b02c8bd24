"""Years of readings brought by file: copied, then inserted as what has not arrived yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import select, text

from devices.ingest.models import Reading
from devices.inventory.models import Device, Installation
from fleet.demonstration.hours import HOUR

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from fleet.demonstration.metering import Indexes, Meter

INSERT = text("""
    INSERT INTO devices.reading (installation_id, ts, value, received_at)
        SELECT :installation, ts, value, :now FROM brought ON CONFLICT DO NOTHING
""")
ARRIVED = text("""
    INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
        SELECT :installation, :now, min(ts), max(ts), count(*) FROM brought
""")


def make_room(session: Session, start: dt.datetime, end: dt.datetime) -> None:
    """Have the partitions of [start, end] made."""
    session.execute(text("SELECT devices.ensure_reading_partitions(:start, :end)"), {"start": start, "end": end})


def stamps(start: dt.datetime, hours: int) -> list[str]:
    """Return the instants of the N + 1 indexes of `hours` hours from `start`, as COPY reads them."""
    return [f"{start + n * HOUR:%Y-%m-%d %H:%M:%S}Z" for n in range(hours + 1)]


def installation_of(session: Session, meter: Meter) -> int:
    """Return the id of the installation that reads `meter`."""
    query = select(Installation.id).join(Device).where(Device.serial == meter.sensor)
    return session.scalars(query).one()


def bring_readings(session: Session, meter: Meter, when: list[str], indexes: Indexes, now: dt.datetime) -> bool:
    """Bring the `indexes` (Wh) of `meter` at the instants `when`, all or none; False if they had been brought."""
    installation = installation_of(session, meter)
    if session.scalar(select(Reading.ts).where(Reading.installation_id == installation).limit(1)) is not None:
        return False
    session.execute(text("CREATE TEMPORARY TABLE brought (ts timestamptz, value numeric) ON COMMIT DROP"))
    rows = "".join(f"{at}\t{wh // 1000}.{wh % 1000:03d}\n" for at, wh in zip(when, indexes.tolist(), strict=True))
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("readings are copied through psycopg")
    with driver.cursor() as cursor, cursor.copy("COPY brought FROM STDIN") as copy:
        copy.write(rows)
    session.execute(INSERT, {"installation": installation, "now": now})
    session.execute(ARRIVED, {"installation": installation, "now": now})
    return True
